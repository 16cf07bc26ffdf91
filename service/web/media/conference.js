// All media of this person in a meeting: one sender, one receiver for each feed, made anew with every ticket.

import { possible } from "./peer.js";
import { Reach } from "./reach.js";
import { Receiver } from "./receiver.js";
import { Sender } from "./sender.js";
import { Stall } from "./stall.js";

const LOOK_MS = 1000;
const LEVEL_MS = 250;
const AGAIN_MS = Object.freeze([0, 500, 1000, 2000, 4000]);
const SPEAKING = 0.02;

/**
 * `send(type, members)`: the socket's. `tracks()`: the equipment's. `personOf(session)`: what is known of a person.
 * `changed()`: pictures, sounds, who speaks or how well it comes changed. `allowed`: a ticket was taken.
 * `blocked`: why neither sound nor picture gets through: "network", "browser", or "" while they do.
 */
export class Conference {
  constructor({ send, tracks, personOf, changed }) {
    Object.assign(this, { send, tracks, personOf, changed });
    this.speaking = "";
    this.poor = false;
    this.blocked = "";
    this.allowed = false;
    this._generation = 0;
    this._feeds = [];
    this._receivers = new Map();
    this._stalls = new Map();
    this._tries = new Map();
    this._wishes = new Map();
    this._sender = null;
    this._reach = new Reach();
    this._possible = possible();
    this._timers = [setInterval(() => this._look(), LOOK_MS), setInterval(() => this._listen(), LEVEL_MS)];
  }

  /** A ticket came: everything anew. */
  async begin(ticket) {
    this._clear();
    const generation = this._generation;
    await this.send("redeem", { ticket });
    if (generation !== this._generation || !this._possible) return;
    this.allowed = true;
    this._subscribeAll();
    await this._publish();
  }

  /** Which feeds there are, without one's own. */
  sync(feeds) {
    this._feeds = feeds;
    const there = new Set(feeds.map((feed) => feed.id));
    for (const id of [...this._receivers.keys()]) if (!there.has(id)) this._end(id, true);
    this._subscribeAll();
  }

  /** How large a person is shown, in pixels of height; 0 for not at all. */
  wish(session, height) {
    const asked = { video: height > 0, height: Math.min(1080, Math.ceil(height / 90) * 90) };
    this._wishes.set(session, asked);
    for (const receiver of this._receivers.values()) if (receiver.feed.session === session) receiver.adjust(asked);
  }

  /** `{video, audio}` streams of a person, null where there is none. */
  streams(session) {
    const found = [...this._receivers.values()].find((receiver) => receiver.feed.session === session);
    return { video: found?.video ?? null, audio: found?.audio ?? null };
  }

  /** Another track of ours is to be sent, or none. */
  replace(kind, track) {
    this._sender?.replace(kind, track);
  }

  /** The way to the service is gone: the pictures may still come, nothing can be asked. */
  pause() {
    this.allowed = false;
    this._reach = new Reach();
  }

  close() {
    this._timers.forEach(clearInterval);
    this._clear();
  }

  _clear() {
    this._generation += 1;
    this.allowed = false;
    this._sender?.close();
    this._sender = null;
    for (const id of [...this._receivers.keys()]) this._end(id, true);
    this._tries.clear();
    this._reach = new Reach();
  }

  async _publish() {
    const generation = this._generation;
    this._sender?.close();
    const sender = new Sender(this.tracks(), () => sender === this._sender && this._publishAgain(sender));
    this._sender = sender;
    await sender.publish(this.send).catch(() => generation === this._generation && this._publishAgain(sender));
  }

  // What broke off is sent anew at once; what never came about waits a little.
  _publishAgain(sender) {
    const generation = this._generation;
    const still = () => generation === this._generation && this.allowed && sender === this._sender;
    setTimeout(() => still() && this._publish(), sender.came ? 0 : AGAIN_MS[3]);
  }

  _subscribeAll() {
    if (!this.allowed) return;
    for (const feed of this._feeds) if (!this._receivers.has(feed.id)) this._subscribe(feed);
  }

  async _subscribe(feed) {
    const wish = this._wishes.get(feed.session) ?? { video: feed.video, height: 360 };
    const receiver = new Receiver(feed, wish, this.send, () => this.changed());
    this._receivers.set(feed.id, receiver);
    this._stalls.set(feed.id, new Stall(performance.now()));
    await receiver.subscribe().catch(() => this._again(feed.id, receiver));
  }

  // A feed that does not come is asked for again, more and more patiently.
  _again(id, receiver) {
    if (this._receivers.get(id) !== receiver) return;
    const tries = this._tries.get(id) ?? 0;
    this._tries.set(id, tries + 1);
    this._stalls.delete(id);
    const generation = this._generation;
    setTimeout(() => {
      if (generation !== this._generation || this._receivers.get(id) !== receiver) return;
      this._end(id, !this.allowed);
      this._subscribeAll();
    }, AGAIN_MS[Math.min(tries, AGAIN_MS.length - 1)]);
  }

  _end(id, told) {
    this._receivers.get(id)?.close(told);
    this._receivers.delete(id);
    this._stalls.delete(id);
    this.changed();
  }

  async _look() {
    for (const [id, receiver] of [...this._receivers]) {
      const figures = await receiver.figures();
      const stall = this._stalls.get(id);
      if (!stall || !this.allowed || this._receivers.get(id) !== receiver) continue;
      const person = this.personOf(receiver.feed.session);
      const there = person?.state === "connected";
      const due = {
        frames: there && person.camera && receiver.feed.video && receiver.wish.video && !document.hidden,
        packets: there && person.microphone && receiver.feed.audio,
      };
      if (receiver.broken || stall.stalled(figures, due, performance.now())) this._again(id, receiver);
      else if (figures.frames > 0 || figures.packets > 0) this._tries.delete(id);
    }
    this._judge([...this._stalls.values()].some((stall) => stall.poor), this._barrier());
  }

  _barrier() {
    if (!this._possible) return "browser";
    const ours = this.allowed ? [this._sender, ...this._receivers.values()] : [];
    const states = ours.map((one) => one?.standing ?? "").filter(Boolean);
    return this._reach.blocked(states, performance.now()) ? "network" : "";
  }

  _judge(poor, blocked) {
    if (poor === this.poor && blocked === this.blocked) return;
    Object.assign(this, { poor, blocked });
    this.changed();
  }

  // Who speaks stays in view through a breath: only another voice takes the place.
  _listen() {
    const loud = [...this._receivers.values()]
      .filter((receiver) => this.personOf(receiver.feed.session)?.microphone)
      .map((receiver) => ({ session: receiver.feed.session, level: receiver.level }))
      .filter(({ level }) => level > SPEAKING)
      .sort((one, other) => other.level - one.level)[0];
    if ((loud?.session ?? "") === this.speaking) return;
    this.speaking = loud?.session ?? "";
    this.changed();
  }
}
