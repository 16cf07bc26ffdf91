// What others say: one player for each person, apart from the pictures, so that no change of layout cuts a word.

import { h } from "./dom.js";

export class Sounds {
  /** `changed()`: the browser began or stopped to want a press before it lets us be heard. */
  constructor(changed) {
    this.root = h("div", { hidden: true });
    this.blocked = false;
    this._changed = changed;
    this._players = new Map();
    this._speaker = "";
  }

  /** `[[session, stream or null]]`: exactly these are to be heard. */
  play(streams) {
    const there = new Map(streams.filter(([, stream]) => stream));
    for (const [session, player] of this._players) if (!there.has(session)) this._end(session, player);
    for (const [session, stream] of there) this._start(session, stream);
    if (there.size === 0) this._block(false);
  }

  /** Where it is heard; "" for the system's own choice. */
  use(speaker) {
    if (speaker === this._speaker) return;
    this._speaker = speaker;
    for (const player of this._players.values()) this._aim(player);
  }

  /** After a press: browsers that were silent until now play. */
  async wake() {
    this._block(false);
    await Promise.all([...this._players.values()].map((player) => this._try(player)));
  }

  _start(session, stream) {
    let player = this._players.get(session);
    if (player?.srcObject === stream) return;
    if (!player) {
      player = h("audio", { autoplay: true, playsinline: true });
      this._players.set(session, player);
      this.root.append(player);
      this._aim(player);
    }
    player.srcObject = stream;
    this._try(player);
  }

  async _try(player) {
    try {
      await player.play();
    } catch (error) {
      if (error.name === "NotAllowedError") this._block(true);
    }
  }

  _aim(player) {
    player.setSinkId?.(this._speaker).catch(() => {});
  }

  _end(session, player) {
    player.srcObject = null;
    player.remove();
    this._players.delete(session);
  }

  _block(blocked) {
    if (blocked === this.blocked) return;
    this.blocked = blocked;
    this._changed();
  }
}
