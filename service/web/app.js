// What a person can do on the page, and what follows from what the service says.

import { announce, h } from "./dom.js";
import * as memory from "./memory.js";
import { Conference } from "./media/conference.js";
import { Equipment } from "./media/equipment.js";
import { CHECKS } from "./media/permission.js";
import { news } from "./news.js";
import { SCREENS } from "./screens/all.js";
import { Sounds } from "./sounds.js";
import { Socket } from "./socket.js";
import { PRESENT, START, others, reduce, screenOf } from "./state.js";
import { choose, load } from "./words.js";

const NO_PLACE = Object.freeze(["not-signed-in", "not-allowed", "not-found"]);
const PASSING = Object.freeze(["unreachable", "server-error", "too-many-tries", "too-early", "bad-request", "conflict"]);
const READY_MS = 1500;
const ENDING_MS = 400;
const AGAIN_MS = 3000;

export class App {
  constructor(service) {
    this.service = service;
    this.state = START;
    this.words = null;
    this.equipment = null;
    this.conference = null;
    this.notice = "";
    this.found = {};
    this.sounds = new Sounds(() => this.render());
    this._socket = null;
    this._told = "";
    this._secret = "";
    this._starting = null;
    this._screen = null;
    this._main = h("main", { id: "screen" });
    document.body.append(this._main, this.sounds.root, h("div", { id: "announcements", role: "log", "aria-live": "polite", class: "unseen" }));
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

  // --- what a person does ---------------------------------------------------------------------

  /** Open the invitation: the first moment anything is sent. */
  async open() {
    this.dispatch({ type: "opening" });
    try {
      const invitation = await this.service.open(this._secret);
      this._forgetLink();
      memory.forgetPlace();
      await this._opened(invitation);
    } catch (refusal) {
      if (PASSING.includes(refusal.code)) this.dispatch({ type: "not-opened", code: refusal.code });
      else {
        this._forgetLink();
        this._over(refusal.code);
      }
    }
  }

  /** To the test page: equipment is asked for, and the service from the time the meeting opens. */
  async toTest() {
    const early = this._early();
    this._equip();
    this.dispatch({ type: "to-test", early });
    if (!early) this._connect();
    this._starting = this.equipment.start();
    await this._starting;
  }

  toInvitation() {
    this._disconnect();
    this._release();
    this.dispatch({ type: "to-invitation" });
  }

  /** Knock at the lobby. */
  async join() {
    this.dispatch({ type: "joining" });
    if (!this._socket) this._connect();
    // The host is told how the equipment does; who presses at once is waited for a little.
    await Promise.race([this._starting, wait(READY_MS)]);
    try {
      await this._socket.send("knock", { equipment: this._checks(), ...this._live() });
    } catch (refusal) {
      if (refusal.code !== "lost") this.dispatch({ type: "not-joined", code: refusal.code });
    }
  }

  async turn(kind, on) {
    await this.equipment.turn(kind, on);
  }

  async leave() {
    const socket = this._socket;
    this.dispatch({ type: "leaving" });
    if (socket && this.state.link === "open") await Promise.race([socket.send("leave").catch(() => {}), wait(1500)]);
    this._over("left");
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
    this._socket?.restart();
  }

  // --- what follows ------------------------------------------------------------------------------

  _send(type, members) {
    return this._socket ? this._socket.send(type, members) : Promise.reject(Object.assign(new Error("lost"), { code: "lost" }));
  }

  async _comeBack() {
    try {
      const invitation = await this.service.invitation();
      const place = memory.place();
      const back = place?.appointment === invitation.appointment.id;
      await this._opened(invitation);
      if (back) this._resume();
    } catch (refusal) {
      if (refusal.code === "unreachable" && memory.place()) setTimeout(() => this._comeBack(), 1000);
      else this._over(NO_PLACE.includes(refusal.code) ? "no-link" : refusal.code);
    }
  }

  async _opened(invitation) {
    const language = choose(navigator.languages, invitation.language);
    if (language !== this.words.language) await this._speak(language);
    this.dispatch({ type: "opened", invitation });
    const { cancelled, closes_at: closes } = invitation.appointment;
    if (cancelled) this._over("meeting-cancelled");
    else if (this.service.now() > Date.parse(closes)) this._over("meeting-over");
  }

  _resume() {
    if (this.state.end) return;
    this.dispatch({ type: "resuming" });
    this._equip();
    this._connect();
    this.equipment.start();
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
    if (!this.equipment) return;
    this.sounds.use(this.equipment.devices.speaker);
    this._tellMediaState();
    this.render();
  }

  _moved(kind, label) {
    this.notice = this.words.t(label ? `moved.${kind}` : `gone.${kind}`, { label });
    announce(this.notice);
    this.render();
  }

  _live() {
    return { camera: this.equipment?.live("camera") ?? false, microphone: this.equipment?.live("microphone") ?? false };
  }

  _checks() {
    const { status } = this.equipment;
    const check = (kind) => this.found[kind] ?? CHECKS[status[kind]] ?? "unknown";
    return { camera: check("camera"), microphone: check("microphone"), speaker: this.found.speaker ?? "unknown" };
  }

  // Others are shown what is true, so it is said whenever it becomes something else.
  _tellMediaState() {
    if (!this.state.meeting || this.state.end || screenOf(this.state) === "test") return;
    const live = this._live();
    const told = JSON.stringify(live);
    if (told === this._told) return;
    this._told = told;
    this._send("media-state", live).catch(() => {
      this._told = "";
    });
  }

  _connect() {
    if (this._socket) return;
    const id = this.state.invitation.appointment.id;
    this.dispatch({ type: "link", value: "connecting" });
    this._socket = new Socket({
      address: this.service.socket(id),
      token: () => (memory.place()?.appointment === id ? memory.place().token : ""),
      ask: () => this.service.invitation(),
      onEvent: (event) => this._event(id, event),
      onLink: (value) => this._linkChanged(value),
      onRefused: (code) => this._turnedAway(code),
    });
  }

  _linkChanged(value) {
    if (value === "lost") this.conference?.pause();
    this._told = "";
    this.dispatch({ type: "link", value });
  }

  // A resume token nobody knows any more costs the former state, not the place.
  _turnedAway(code) {
    if (memory.place() && ["bad-request", "not-allowed", "not-signed-in", "not-found"].includes(code)) {
      memory.forgetPlace();
      this._disconnect();
      if (this.state.end === "") this._connect();
    } else if (code === "too-early") {
      this.toInvitation();
      this.dispatch({ type: "to-invitation", refusal: code });
    } else this._over(NO_PLACE.includes(code) ? "no-link" : code);
  }

  _event(id, event) {
    if (event.type === "welcome") memory.keepPlace(id, event.resume_token);
    this.dispatch(event);
    if (event.type === "you-changed" && this.state.end === "ended") this._endSoon();
    else if (this.state.end) this._over(this.state.end, this.state.reason);
    else if (PRESENT.includes(this.state.meeting?.you.state)) this._inside(event);
    else this._outside();
    this._tellMediaState();
  }

  // The reason, where there is one, comes a moment later.
  _endSoon() {
    this._outside();
    setTimeout(() => this._over(this.state.end, this.state.reason), ENDING_MS);
  }

  _inside(event) {
    this.conference ??= this._newConference();
    const { feeds, you } = this.state.meeting;
    if (event.type === "media-lost") this.conference.pause();
    else if (event.type === "ticket") this._admitted(event.ticket);
    if (["welcome", "snapshot", "feed-added", "feed-removed", "you-changed"].includes(event.type)) {
      this.conference.sync(feeds.filter((feed) => feed.session !== you.session));
    }
    this._play();
  }

  // A ticket that was not taken is followed by another one only on a connection of its own.
  async _admitted(ticket) {
    const { conference } = this;
    try {
      await conference.begin(ticket);
    } catch (refusal) {
      if (refusal.code === "lost") return;
      await wait(AGAIN_MS);
      if (conference === this.conference && !conference.allowed) this.reconnect();
    }
  }

  _newConference() {
    return new Conference({
      send: (type, members) => this._send(type, members),
      tracks: () => this.equipment?.tracks ?? { camera: null, microphone: null },
      personOf: (session) => this.state.meeting?.people.find((person) => person.session === session),
      changed: () => {
        this._play();
        this.render();
      },
    });
  }

  _play() {
    const people = this.state.meeting ? others(this.state) : [];
    this.sounds.play(people.map((person) => [person.session, this.conference?.streams(person.session).audio ?? null]));
  }

  _outside() {
    this.conference?.close();
    this.conference = null;
    this.sounds.play([]);
  }

  _over(code, reason = "") {
    this._outside();
    this._disconnect();
    this._release();
    memory.forgetPlace();
    this.dispatch({ type: "over", code, reason });
  }

  _disconnect() {
    this._socket?.close();
    this._socket = null;
    this._told = "";
  }

  _release() {
    if (!this.equipment) return;
    memory.keepChoices(this.equipment.choices);
    this.equipment.release();
  }

  _forgetLink() {
    this._secret = "";
    memory.forgetSecret();
  }

  _early() {
    return this.service.now() < Date.parse(this.state.invitation.appointment.opens_at);
  }

  _tick() {
    if (this.state.step === "test" && this.state.early && !this.state.end && !this._early()) {
      this.dispatch({ type: "opened-now" });
      this._connect();
    }
    this._screen?.tick?.();
  }

  async _speak(language) {
    this.words = await load(language);
    document.documentElement.lang = language;
    this._close();
  }

  // --- the screen ----------------------------------------------------------------------------------

  render() {
    if (!this.words) return;
    const name = screenOf(this.state);
    if (this._screen?.name !== name) this._change(name);
    this._screen.update(this.state);
  }

  _change(name) {
    const first = this._screen === null && name === "start";
    this._close();
    this._screen = { name, ...SCREENS[name](this) };
    this._main.replaceChildren(this._screen.root);
    this._main.className = name;
    scrollTo(0, 0);
    const heading = this._screen.root.querySelector("h1");
    document.title = `${heading.textContent} · ${location.host}`;
    if (!first) heading.focus({ preventScroll: true });
  }

  _close() {
    this._screen?.close?.();
    this._screen = null;
  }
}

function wait(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
