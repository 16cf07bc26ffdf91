// What a person can do on the page, and where they stand.

import { Attendance } from "./attendance.js";
import { announce } from "./dom.js";
import * as memory from "./memory.js";
import { Equipment } from "./media/equipment.js";
import { CHECKS } from "./media/permission.js";
import { news } from "./news.js";
import { Notice } from "./notice.js";
import { Recheck } from "./recheck.js";
import { Refused } from "./service.js";
import { Sounds } from "./sounds.js";
import { START, reduce } from "./state.js";
import { View } from "./view.js";
import { choose, load } from "./words.js";

const NO_PLACE = Object.freeze(["not-signed-in", "not-allowed", "not-found"]);
const PASSING = Object.freeze(["unreachable", "server-error", "too-many-tries", "too-early", "bad-request", "conflict"]);
// An error that is no refusal is a fault of ours: a screen says so.
const UNFORESEEN = "other";
const WORKING = Object.freeze(["on", "off"]);
const READY_MS = 1500;
const GOODBYE_MS = 1500;

export class App {
  constructor(service) {
    this.service = service;
    this.state = START;
    this.words = null;
    this.equipment = null;
    this.found = {};
    this._notice = new Notice(() => this.render());
    this.sounds = new Sounds(() => this.render());
    this._view = new View(this, this.sounds.root);
    this._attendance = null;
    this._secret = "";
    this._starting = null;
    this._recheck = new Recheck({
      shown: () => this._lookedAt(),
      ask: () => this.service.invitation(),
      changed: (invitation) => this._changed(invitation).catch(() => this.over(UNFORESEEN)),
      refused: (code) => PASSING.includes(code) || this.turnedAway(code ?? UNFORESEEN),
    });
    setInterval(() => this._tick(), 1000);
    document.addEventListener("visibilitychange", () => this.render());
    addEventListener("pagehide", () => this.equipment && memory.keepChoices(this.equipment.choices));
  }

  /** Find out where this person stands: a link not opened yet, a place to come back to, or nothing. */
  async start() {
    this._secret = memory.takeSecret();
    await this._speak(choose(navigator.languages));
    if (this._secret) this.dispatch({ type: "secret-found" });
    else await this._comeBack();
  }

  dispatch(event) {
    const before = this.state;
    this.state = reduce(before, event);
    if (this.words) for (const text of news(before, this.state, event, this.words)) announce(text);
    this.render();
  }

  render() {
    if (this.words) this._view.draw(this.state);
  }

  /** What is to be said of devices that went away, "" for nothing. */
  get notice() {
    return this._notice.text;
  }

  /** The media of the meeting, null outside. */
  get conference() {
    return this._attendance?.conference ?? null;
  }

  /** What is truly being taken from this person now. */
  live() {
    return { camera: this.equipment?.live("camera") ?? false, microphone: this.equipment?.live("microphone") ?? false };
  }

  // --- what a person does ---------------------------------------------------------------------

  /** Open the invitation: the first moment anything is sent. */
  async open() {
    this.dispatch({ type: "opening" });
    try {
      const invitation = await this.service.open(this._secret);
      this._forgetLink();
      memory.forgetPlace();
      await this._opened(invitation);
    } catch ({ code }) {
      if (PASSING.includes(code)) this.dispatch({ type: "not-opened", code });
      else {
        this._forgetLink();
        this.over(code ?? UNFORESEEN);
      }
    }
  }

  /** To the test page: equipment is asked for, and the service from the time the meeting opens. */
  async toTest() {
    const early = this._early();
    this._equip();
    this.dispatch({ type: "to-test", early });
    if (!early) this._attend();
    this._starting = this.equipment.start();
    await this._starting;
  }

  toInvitation(refusal = "") {
    this._detach();
    this._release();
    this.dispatch({ type: "to-invitation", refusal });
  }

  /** Knock at the lobby. */
  async join() {
    this.dispatch({ type: "joining" });
    this._attend();
    // The host is told how the equipment does; who presses at once is waited for a little.
    await Promise.race([this._starting, wait(READY_MS)]);
    try {
      await this._send("knock", { equipment: this._checks(), ...this.live() });
    } catch ({ code }) {
      if (code !== "lost") this.dispatch({ type: "not-joined", code });
    }
  }

  /** Switch the camera or the microphone. */
  async turn(kind, on) {
    await this.equipment.turn(kind, on);
  }

  /** Use another device; `kind` may be speaker. */
  async choose(kind, id) {
    this._notice.clear(kind);
    await this.equipment.choose(kind, id);
  }

  /** Goodbye, also where nobody hears it. */
  async leave() {
    this.dispatch({ type: "leaving" });
    if (this.state.link === "open") await Promise.race([this._send("leave").catch(() => {}), wait(GOODBYE_MS)]);
    this.over("left");
  }

  /** Say something in the meeting, or to the host from the lobby. Rejects with Refused. */
  async say(text, lobby) {
    await this._send(lobby ? "lobby-say" : "say", { text });
  }

  /** Type the host's confirmation code. Rejects with Refused. */
  async confirm(code) {
    await this._send("confirm-code", { code });
  }

  /** Once more from the invitation. */
  again() {
    location.reload();
  }

  reconnect() {
    this._attendance?.restart();
  }

  // --- what follows ------------------------------------------------------------------------------

  /** The service will not have this person, or not yet. */
  turnedAway(code) {
    if (code === "too-early") {
      this.toInvitation(code);
      this._recheck.now();
    } else this.over(NO_PLACE.includes(code) ? "no-link" : code);
  }

  /** The service knows this person here: camera and microphone are of use. */
  arrived() {
    this._starting ??= this.equipment.start();
  }

  /** It is over: everything off, nothing kept. */
  over(code, reason = "") {
    this._detach();
    this._release();
    // Whose place another window took may take it back, whatever the time is.
    if (code !== "taken-over") memory.forgetPlace();
    this.dispatch({ type: "over", code, reason });
  }

  async _comeBack() {
    try {
      const invitation = await this.service.invitation();
      const back = memory.place()?.appointment === invitation.appointment.id;
      await this._opened(invitation);
      if (!this.state.end && (back || this._late())) this._resume(back);
    } catch ({ code }) {
      if (code === "unreachable" && memory.place()) setTimeout(() => this._comeBack(), 1000);
      else this.over(NO_PLACE.includes(code) ? "no-link" : (code ?? UNFORESEEN));
    }
  }

  async _opened(invitation) {
    const language = choose(navigator.languages, invitation.language);
    // Words that don't come now are no reason to keep anybody out: those there are do.
    if (language !== this.words.language) await this._speak(language).catch(() => {});
    this.dispatch({ type: "opened", invitation });
    if (invitation.appointment.cancelled) this.over("meeting-cancelled");
  }

  // The invitation somebody waits before, whose time may be another one by now.
  _lookedAt() {
    const { step, early, end, invitation } = this.state;
    return !end && (step === "invitation" || (step === "test" && early)) ? invitation : null;
  }

  // Who tests days ahead is led back too: the new time is what matters to them now.
  async _changed(invitation) {
    this._view.clear();
    await this._opened(invitation);
    if (!this.state.end) this.toInvitation("changed");
  }

  // A meeting may last longer than planned: past its time the service knows whether it is over, and camera and
  // microphone are asked for once it lets one in.
  _resume(known) {
    this.dispatch({ type: "resuming" });
    this._equip();
    this._attend();
    if (known) this.arrived();
  }

  _equip() {
    this.equipment ??= new Equipment({
      chosen: memory.choices(),
      changed: () => this._equipmentChanged(),
      replaced: (kind, track) => this.conference?.replace(kind, track),
      moved: (kind, label) => this._moved(kind, label),
    });
    this.sounds.use(this.equipment.devices.speaker);
  }

  _equipmentChanged() {
    this.sounds.use(this.equipment.devices.speaker);
    this._attendance?.tellMediaState();
    for (const [kind, status] of Object.entries(this.equipment?.status ?? {})) if (WORKING.includes(status)) this._notice.works(kind);
    this.render();
  }

  _moved(kind, label) {
    const text = this.words.t(label ? `moved.${kind}` : `gone.${kind}`, { label });
    announce(text);
    this._notice.tell(kind, text, label !== "" || kind === "speaker");
  }

  _checks() {
    const { status } = this.equipment;
    const check = (kind) => this.found[kind] ?? CHECKS[status[kind]] ?? "unknown";
    return { camera: check("camera"), microphone: check("microphone"), speaker: this.found.speaker ?? "unknown" };
  }

  _attend() {
    if (this._attendance) return;
    this.dispatch({ type: "link", value: "connecting" });
    this._attendance = new Attendance(this, this.state.invitation.appointment.id);
  }

  _send(type, members) {
    return this._attendance ? this._attendance.send(type, members) : Promise.reject(new Refused("lost"));
  }

  _detach() {
    this._attendance?.close();
    this._attendance = null;
  }

  _release() {
    if (!this.equipment) return;
    memory.keepChoices(this.equipment.choices);
    this._notice.clear();
    this.equipment.release();
  }

  _forgetLink() {
    this._secret = "";
    memory.forgetSecret();
  }

  _late() {
    return this.service.now() > Date.parse(this.state.invitation.appointment.closes_at);
  }

  _early() {
    return this.service.now() < Date.parse(this.state.invitation.appointment.opens_at);
  }

  _tick() {
    if (this.state.step === "test" && this.state.early && !this.state.end && !this._early()) {
      this.dispatch({ type: "opened-now" });
      this._attend();
    }
    this._recheck.tick();
    this._view.tick();
  }

  async _speak(language) {
    this.words = await load(language);
    document.documentElement.lang = language;
    this._view.clear();
  }
}

function wait(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
