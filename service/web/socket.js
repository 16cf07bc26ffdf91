// The meeting's WebSocket: comes back by itself, repeats what was not answered, notices what it missed.

import { Refused } from "./service.js";

export const PROTOCOL = "softphone.meeting.v1";
const WAITS_MS = [0, 250, 500, 1000];
// A slow line needs the longer ones; then soon again, for a network that has come back meanwhile.
const OPENING_MS = [3000, 6000, 12000];
const ASKING_MS = 1500;
const QUIET_MS = 5000;
const PROBE_MS = 3000;
const LOOK_MS = 250;
// The service's close codes after which nobody comes back by itself.
const FINAL = Object.freeze({
  4400: "server-error",
  4401: "not-signed-in",
  4403: "not-allowed",
  4409: "taken-over",
  4410: "ended",
  4429: "too-many-tries",
});
// After these the connection is closed, and another one may do better.
const PASSING = Object.freeze(["lost", "server-error", "engine-down", "conflict"]);
// These are of one connection: after it a new ticket comes and they are done anew.
const OF_ONE_CONNECTION = new Set(["hello", "resync", "redeem", "publish", "unpublish", "subscribe", "answer", "adjust", "unsubscribe"]);

/**
 * `onEvent(event)`: what the service tells. `onLink("open"|"lost")`. `onRefused(code)`: it will not have us.
 * `token()`: the resume token or "". `ask()`: rejects with Refused where the service says who is not let in.
 */
export class Socket {
  constructor({ address, token, ask, onEvent, onLink, onRefused, open = (url) => new WebSocket(url, PROTOCOL) }) {
    Object.assign(this, { address, token, ask, onEvent, onLink, onRefused, _open: open });
    this._waiting = new Map();
    this._attempt = 0;
    this._late = 0;
    this._closed = false;
    this._welcome = false;
    this._online = () => this._hurry();
    addEventListener("online", this._online);
    this._watch = setInterval(() => this._listen(), LOOK_MS);
    this._connect();
  }

  /** Send a command; resolves with its `done`, rejects with Refused. Repeated over a new connection. */
  send(type, members = {}) {
    if (this._closed) return Promise.reject(new Refused("lost"));
    const message = { type, id: identifier(), ...members };
    return new Promise((resolve, reject) => {
      this._waiting.set(message.id, { message, resolve, reject });
      if (this._welcome || type === "hello") this._write(message);
      else if (OF_ONE_CONNECTION.has(type)) this._settle(message.id)?.reject(new Refused("lost"));
    });
  }

  /** The end: nothing is repeated, nothing comes back. */
  close() {
    this._closed = true;
    clearTimeout(this._timer);
    clearInterval(this._watch);
    removeEventListener("online", this._online);
    this._drop();
    for (const id of [...this._waiting.keys()]) this._settle(id).reject(new Refused("lost"));
  }

  /** Leave this connection for a new one, at once. */
  restart() {
    this._attempt = 0;
    this._lost(this._socket);
  }

  _connect() {
    const socket = this._open(this.address);
    this._socket = socket;
    this._expected = 1;
    this._heard = performance.now();
    this._timer = setTimeout(() => this._tooLate(socket), OPENING_MS[this._late % OPENING_MS.length]);
    socket.onopen = () => socket === this._socket && this._hello();
    socket.onmessage = ({ data }) => socket === this._socket && this._receive(JSON.parse(data));
    socket.onclose = ({ code }) => this._ended(socket, code);
  }

  _tooLate(socket) {
    this._late += 1;
    this._lost(socket);
  }

  _hello() {
    const token = this.token();
    this.send("hello", { client: "browser", ...(token ? { resume_token: token } : {}) }).catch(({ code }) => {
      if (!PASSING.includes(code)) this.onRefused(code);
    });
  }

  _receive(message) {
    this._heard = performance.now();
    this._probing = 0;
    if (message.type === "done") this._settle(message.id)?.resolve(message);
    else if (message.type === "refused") this._settle(message.id)?.reject(new Refused(message.code, message.tries_left ?? 0));
    else this._event(message);
  }

  _event(event) {
    if (event.type === "welcome") this._arrived();
    if (event.type === "welcome" || event.type === "snapshot") this._answered(event);
    if (event.seq > 0 && event.seq !== this._expected) {
      this._expected = event.seq + 1;
      if (event.type !== "snapshot") this.send("resync").catch(() => {});
    } else if (event.seq > 0) this._expected += 1;
    this.onEvent(event);
  }

  // The whole picture is the answer to these.
  _answered(event) {
    for (const [id, { message }] of [...this._waiting]) {
      if (message.type === "hello" || message.type === "resync") this._settle(id).resolve(event);
    }
  }

  _arrived() {
    clearTimeout(this._timer);
    this._attempt = 0;
    this._late = 0;
    this._welcome = true;
    this.onLink("open");
    for (const { message } of this._waiting.values()) if (!OF_ONE_CONNECTION.has(message.type)) this._write(message);
  }

  _ended(socket, code) {
    if (socket === this._socket && code in FINAL) this.onRefused(FINAL[code]);
    else this._lost(socket);
  }

  _lost(socket) {
    if (socket !== this._socket || this._closed) return;
    const came = this._welcome;
    this._drop();
    for (const [id, { message }] of [...this._waiting]) {
      if (OF_ONE_CONNECTION.has(message.type)) this._settle(id).reject(new Refused("lost"));
    }
    if (came) this.onLink("lost");
    const wait = WAITS_MS[Math.min(this._attempt, WAITS_MS.length - 1)];
    this._attempt += 1;
    this._timer = setTimeout(() => this._again(came), wait);
  }

  async _again(came) {
    // A browser does not say why a WebSocket was not opened; the service's other door does.
    if (!came && this._attempt > 1) {
      const code = await Promise.race([this.ask().then(() => "", (refusal) => refusal.code), after(ASKING_MS)]);
      if (this._closed) return;
      if (code !== "" && !["unreachable", "server-error", "lost", "too-many-tries"].includes(code)) {
        this.onRefused(code);
        return;
      }
    }
    if (!this._closed && !this._socket) this._connect();
  }

  _hurry() {
    if (this._closed) return;
    if (this._welcome) this._probe();
    else this.restart();
  }

  // A browser can't see the service's pings: where nothing comes for a while, ask.
  _listen() {
    if (!this._welcome) return;
    const now = performance.now();
    if (this._probing && now - this._probing > PROBE_MS) this.restart();
    else if (!this._probing && now - this._heard > QUIET_MS) this._probe();
  }

  _probe() {
    this._probing = performance.now();
    this.send("resync").catch(() => {});
  }

  _drop() {
    const socket = this._socket;
    this._socket = null;
    this._welcome = false;
    this._probing = 0;
    clearTimeout(this._timer);
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }

  _write(message) {
    if (this._socket?.readyState === 1) this._socket.send(JSON.stringify(message));
  }

  _settle(id) {
    const waiting = this._waiting.get(id);
    this._waiting.delete(id);
    return waiting;
  }
}

/** "" after a while. */
function after(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds, ""));
}

/** 96 random bits that say nothing. */
function identifier() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
