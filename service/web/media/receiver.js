// One receiving connection for one person's feed.

import { connection, describe, standing } from "./peer.js";

export class Receiver {
  /** `wish`: `{video, height}`. `changed()`: a track came. */
  constructor(feed, wish, send, changed) {
    this.feed = feed;
    this.wish = wish;
    this.video = null;
    this.audio = null;
    this._send = send;
    this._subscription = "";
    this._peer = connection();
    this._peer.addEventListener("track", ({ track }) => {
      this[track.kind] = new MediaStream([track]);
      changed();
    });
  }

  /** Ask for the feed and answer the engine's offer, which we open (`a=setup:active`). */
  async subscribe() {
    const done = await this._send("subscribe", { feed: this.feed.id, ...this.wish });
    this._subscription = done.subscription;
    this._asked = this.wish;
    await this._peer.setRemoteDescription({ type: "offer", sdp: done.sdp });
    const answer = await this._peer.createAnswer();
    const sdp = await describe(this._peer, { type: "answer", sdp: answer.sdp.replaceAll("a=setup:passive", "a=setup:active") });
    await this._send("answer", { subscription: this._subscription, sdp });
    this.adjust(this.wish);
  }

  /** How it is shown now. */
  adjust(wish) {
    this.wish = wish;
    if (!this._subscription || same(wish, this._asked)) return;
    this._asked = wish;
    this._send("adjust", { subscription: this._subscription, ...wish }).catch(() => {});
  }

  /**
   * `{frames, packets, received, lost, level}` since the start: `packets` are of sound alone, `received` and `lost`
   * of sound and picture; level 0…1 of the last moment.
   */
  async figures() {
    const figures = { frames: 0, packets: 0, received: 0, lost: 0, level: 0 };
    for (const entry of (await this._peer.getStats()).values()) {
      if (entry.type !== "inbound-rtp") continue;
      figures.received += entry.packetsReceived ?? 0;
      figures.lost += entry.packetsLost ?? 0;
      if (entry.kind === "video") figures.frames = entry.framesDecoded ?? 0;
      else figures.packets = entry.packetsReceived ?? 0;
      figures.level = Math.max(figures.level, entry.kind === "audio" ? (entry.audioLevel ?? 0) : 0);
    }
    return figures;
  }

  /** How loud it is now, 0…1, without waiting. */
  get level() {
    const sound = this._peer.getReceivers().find((receiver) => receiver.track?.kind === "audio");
    return sound?.getSynchronizationSources?.()[0]?.audioLevel ?? 0;
  }

  /** "" before both sides have described it, then as the browser says. */
  get standing() {
    return standing(this._peer);
  }

  get broken() {
    return ["failed", "closed"].includes(this._peer.connectionState);
  }

  /** `told`: the service knows already. */
  close(told = false) {
    if (this._subscription && !told) this._send("unsubscribe", { subscription: this._subscription }).catch(() => {});
    this._peer.close();
  }
}

function same(one, other) {
  return one.video === other.video && one.height === other.height;
}
