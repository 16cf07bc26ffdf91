// One sending connection with a line for sound and one for the picture, there from the start:
// switching camera or microphone needs no new offer.

import { connection, describe, standing } from "./peer.js";

// How long a connection may stand so: the engine lets go of who is silent for eight seconds and tells only others,
// while a browser waits twice as long before it calls its connection failed.
const PATIENCE_MS = Object.freeze({ connecting: 15000, disconnected: 3000, failed: 0 });
const PICTURE = Object.freeze([{ maxBitrate: 1_500_000, maxFramerate: 30 }]);

export class Sender {
  /** `failed()`: it is dead and has to be made anew. `came`: it has stood before. */
  constructor(tracks, failed) {
    this.came = false;
    this._peer = connection();
    const stream = new MediaStream();
    this._sound = this._peer.addTransceiver("audio", { direction: "sendonly", streams: [stream] });
    this._picture = this._peer.addTransceiver("video", { direction: "sendonly", streams: [stream], sendEncodings: [...PICTURE] });
    prefer(this._picture, ["video/VP8", "video/rtx"]);
    prefer(this._sound, ["audio/opus"]);
    this._peer.addEventListener("connectionstatechange", () => this._watch(failed));
    this.replace("camera", tracks.camera);
    this.replace("microphone", tracks.microphone);
  }

  /** `send(type, members)` is the socket's. */
  async publish(send) {
    const sdp = await describe(this._peer, await this._peer.createOffer());
    const done = await send("publish", { sdp });
    await this._peer.setRemoteDescription({ type: "answer", sdp: done.sdp });
  }

  /** Another track, or none. */
  replace(kind, track) {
    const line = kind === "camera" ? this._picture : this._sound;
    line.sender.replaceTrack(track).catch(() => {});
  }

  /** "" before both sides have described it, then as the browser says. */
  get standing() {
    return standing(this._peer);
  }

  _watch(failed) {
    const state = this._peer.connectionState;
    this.came ||= state === "connected";
    clearTimeout(this._timer);
    if (state in PATIENCE_MS) this._timer = setTimeout(failed, PATIENCE_MS[state]);
  }

  close() {
    clearTimeout(this._timer);
    this._peer.close();
  }
}

// Browsers that can't say what they prefer offer VP8 and Opus as well.
function prefer(transceiver, types) {
  const known = RTCRtpSender.getCapabilities?.(types[0].split("/")[0])?.codecs ?? [];
  const wanted = types.flatMap((type) => known.filter((codec) => codec.mimeType.toLowerCase() === type.toLowerCase()));
  if (wanted.length > 0 && transceiver.setCodecPreferences) transceiver.setCodecPreferences(wanted);
}
