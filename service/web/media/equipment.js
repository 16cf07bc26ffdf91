// This person's camera, microphone and speaker: what is on is truly on, what is off is let go.

import { permissionOf, troubleOf } from "./permission.js";

const KINDS = Object.freeze(["camera", "microphone"]);
const WISHES = Object.freeze({
  camera: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 25, max: 30 } },
  microphone: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
});

/**
 * `status` of each kind: idle, asking, on, off, or a trouble of `permission.js`. `changed()` is called after every
 * change, `replaced(kind, track)` when another track, or none, is to be sent. `moved(kind, label)`: a device went
 * away, and this one ("" for none) takes its place.
 */
export class Equipment {
  constructor({ chosen = {}, changed, replaced, moved }) {
    Object.assign(this, { changed, replaced, moved });
    this.wanted = { camera: chosen.camera ?? true, microphone: chosen.microphone ?? true };
    this.devices = { camera: chosen.cameraId ?? "", microphone: chosen.microphoneId ?? "", speaker: chosen.speakerId ?? "" };
    this.status = { camera: "idle", microphone: "idle" };
    this.tracks = { camera: null, microphone: null };
    this.lists = { camera: [], microphone: [], speaker: [] };
    this._turn = { camera: 0, microphone: 0 };
    this._plugging = () => this._plugged();
    navigator.mediaDevices?.addEventListener("devicechange", this._plugging);
  }

  /** Ask for everything that is wanted, in one question where the browser can. */
  async start() {
    const asked = KINDS.filter((kind) => this.wanted[kind] && this.tracks[kind] === null);
    for (const kind of KINDS) if (!this.wanted[kind]) this._become(kind, "off");
    if (asked.length === 2) await this._both();
    else for (const kind of asked) await this._acquire(kind);
    await this.list();
  }

  /** Whether it is truly being taken now. */
  live(kind) {
    const track = this.tracks[kind];
    return track !== null && track.readyState === "live" && track.enabled && !track.muted;
  }

  /** Switch camera or microphone. A camera that is off is released, so its light goes out. */
  async turn(kind, on) {
    this.wanted[kind] = on;
    const track = this.tracks[kind];
    if (!on && kind === "camera") this._release(kind);
    else if (track) track.enabled = on;
    if (!on || this.tracks[kind]) this._become(kind, on ? "on" : "off");
    else {
      await this._acquire(kind);
      await this.list();
    }
  }

  /** Use another device; `kind` may be speaker. */
  async choose(kind, id) {
    this.devices[kind] = id;
    if (kind !== "speaker" && this.wanted[kind]) {
      this._release(kind);
      await this._acquire(kind);
      await this.list();
    }
    this.changed();
  }

  /** What to remember over a reload. */
  get choices() {
    const { camera, microphone, speaker } = this.devices;
    return { ...this.wanted, cameraId: camera, microphoneId: microphone, speakerId: speaker };
  }

  /** Everything off: lights out. What was wanted stays wanted. */
  release() {
    for (const kind of KINDS) {
      this._turn[kind] += 1;
      this._release(kind);
      this._become(kind, "idle");
    }
  }

  /** Which devices there are; their names are told only after permission. */
  async list() {
    const found = await (navigator.mediaDevices?.enumerateDevices?.() ?? Promise.resolve([])).catch(() => []);
    const named = (kind) => found.filter((device) => device.kind === kind && device.deviceId !== "")
      .map((device) => ({ id: device.deviceId, label: device.label }));
    this.lists = { camera: named("videoinput"), microphone: named("audioinput"), speaker: named("audiooutput") };
    this.changed();
  }

  async _both() {
    const turns = KINDS.map((kind) => this._begin(kind));
    try {
      const stream = await get({ camera: this._constraints("camera"), microphone: this._constraints("microphone") });
      KINDS.forEach((kind, at) => this._take(kind, turns[at], trackOf(stream, kind)));
    } catch (error) {
      // One of the two may do alone; but who closed the question is not asked twice more.
      const allowed = await Promise.all(KINDS.map(permissionOf));
      const troubles = allowed.map((answer) => troubleOf(error, answer));
      for (const [at, kind] of KINDS.entries()) {
        // Who left, chose otherwise or switched it off meanwhile is not recorded after all.
        if (turns[at] !== this._turn[kind] || !this.wanted[kind]) continue;
        const asking = ["denied", "dismissed", "system"].includes(troubles[at]) && allowed[at] !== "granted";
        if (asking && (allowed[at] !== "" || !allowed.includes("granted"))) this._become(kind, troubles[at]);
        else await this._acquire(kind);
      }
    }
  }

  async _acquire(kind, fallback = true) {
    const turn = this._begin(kind);
    try {
      this._take(kind, turn, trackOf(await get({ [kind]: this._constraints(kind) }), kind));
    } catch (error) {
      const trouble = troubleOf(error, await permissionOf(kind));
      if (turn !== this._turn[kind]) return;
      const chosen = this.devices[kind] !== "";
      if (fallback && chosen && (trouble === "missing" || trouble === "busy")) {
        this.devices[kind] = "";
        await this._acquire(kind, false);
      } else this._become(kind, trouble);
    }
  }

  _begin(kind) {
    this._turn[kind] += 1;
    this._become(kind, "asking");
    return this._turn[kind];
  }

  _take(kind, turn, track) {
    if (turn !== this._turn[kind] || !this.wanted[kind]) {
      track.stop();
      if (turn === this._turn[kind]) this._become(kind, "off");
      return;
    }
    this.tracks[kind] = track;
    this.devices[kind] = track.getSettings().deviceId ?? this.devices[kind];
    if (kind === "camera" && "contentHint" in track) track.contentHint = "motion";
    track.onended = () => this._gone(kind, track);
    track.onmute = track.onunmute = () => this.changed();
    this.replaced(kind, track);
    this._become(kind, "on");
  }

  _release(kind) {
    const track = this.tracks[kind];
    if (!track) return;
    this.tracks[kind] = null;
    track.onended = track.onmute = track.onunmute = null;
    track.stop();
    this.replaced(kind, null);
  }

  // A device was pulled, or its permission taken back while it was on.
  async _gone(kind, track) {
    if (this.tracks[kind] !== track) return;
    this._release(kind);
    this.devices[kind] = "";
    await this._acquire(kind, false);
    await this.list();
    this.moved(kind, this.tracks[kind]?.label ?? "");
  }

  async _plugged() {
    await this.list();
    for (const kind of KINDS) {
      const there = this.lists[kind].length > 0;
      if (this.wanted[kind] && this.status[kind] === "missing" && there) await this._acquire(kind, false);
    }
    const speakers = this.lists.speaker.map((device) => device.id);
    if (this.devices.speaker !== "" && !speakers.includes(this.devices.speaker)) {
      this.devices.speaker = "";
      this.moved("speaker", this.lists.speaker[0]?.label ?? "");
      this.changed();
    }
  }

  _constraints(kind) {
    const id = this.devices[kind];
    return id === "" ? WISHES[kind] : { ...WISHES[kind], deviceId: { exact: id } };
  }

  _become(kind, status) {
    this.status[kind] = status;
    this.changed();
  }
}

async function get({ camera = false, microphone = false }) {
  if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("no secure page", "SecurityError");
  return navigator.mediaDevices.getUserMedia({ video: camera, audio: microphone });
}

function trackOf(stream, kind) {
  return kind === "camera" ? stream.getVideoTracks()[0] : stream.getAudioTracks()[0];
}

