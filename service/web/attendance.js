// This tab's place in a meeting: the socket, and the media while one is inside.

import * as memory from "./memory.js";
import { Conference } from "./media/conference.js";
import { Refused } from "./service.js";
import { Socket } from "./socket.js";
import { PRESENT, others, screenOf } from "./state.js";

const UNKNOWN = Object.freeze(["bad-request", "not-allowed", "not-signed-in", "not-found"]);
const RESHAPING = Object.freeze(["welcome", "snapshot", "feed-added", "feed-removed", "you-changed"]);
const ENDING_MS = 400;
const AGAIN_MS = 3000;

export class Attendance {
  /** `app` holds state, equipment and sounds; it is told `arrived()`, `turnedAway(code)` and `over(code, reason)`. */
  constructor(app, appointment) {
    this.conference = null;
    this._app = app;
    this._appointment = appointment;
    this._told = "";
    this._open();
  }

  /** A command to the service; rejects with Refused. */
  send(type, members) {
    return this._socket ? this._socket.send(type, members) : Promise.reject(new Refused("lost"));
  }

  /** Leave the connection for a new one, at once. */
  restart() {
    this._socket?.restart();
  }

  /** Others are shown what is true, so it is said whenever it becomes something else. */
  tellMediaState() {
    const { state } = this._app;
    if (!state.meeting || state.end || screenOf(state) === "test") return;
    const live = this._app.live();
    const told = JSON.stringify(live);
    if (told === this._told) return;
    this._told = told;
    this.send("media-state", live).catch(() => {
      this._told = "";
    });
  }

  close() {
    this._outside();
    this._socket?.close();
    this._socket = null;
  }

  _open() {
    this._socket = new Socket({
      address: this._app.service.socket(this._appointment),
      token: () => this._place()?.token ?? "",
      ask: () => this._app.service.invitation(),
      onEvent: (event) => this._event(event),
      onLink: (value) => this._linkChanged(value),
      onRefused: (code) => this._refused(code),
    });
  }

  _place() {
    const place = memory.place();
    return place?.appointment === this._appointment ? place : null;
  }

  _linkChanged(value) {
    if (value === "lost") this.conference?.pause();
    this._told = "";
    this._app.dispatch({ type: "link", value });
  }

  // A resume token nobody knows any more costs the former state, not the place.
  _refused(code) {
    if (this._place() && UNKNOWN.includes(code)) {
      memory.forgetPlace();
      this._socket.close();
      this._open();
    } else this._app.turnedAway(code);
  }

  _event(event) {
    if (event.type === "welcome") memory.keepPlace(this._appointment, event.resume_token);
    this._app.dispatch(event);
    const { end, reason, meeting } = this._app.state;
    if (event.type === "welcome" && !end) this._app.arrived();
    if (event.type === "you-changed" && end === "ended") this._endSoon();
    else if (end) this._app.over(end, reason);
    else if (PRESENT.includes(meeting?.you.state)) this._inside(event);
    else this._outside();
    this.tellMediaState();
  }

  // The reason, where there is one, comes a moment later.
  _endSoon() {
    this._outside();
    setTimeout(() => this._app.over(this._app.state.end, this._app.state.reason), ENDING_MS);
  }

  _inside(event) {
    this.conference ??= this._newConference();
    const { feeds, you } = this._app.state.meeting;
    if (event.type === "media-lost") this.conference.pause();
    else if (event.type === "ticket") this._admitted(event.ticket);
    if (RESHAPING.includes(event.type)) this.conference.sync(feeds.filter((feed) => feed.session !== you.session));
    this._play();
  }

  // A ticket that was not taken is followed by another one only on a connection of its own.
  async _admitted(ticket) {
    const { conference } = this;
    try {
      await conference.begin(ticket);
    } catch (refusal) {
      if (refusal.code === "lost") return;
      setTimeout(() => conference === this.conference && !conference.allowed && this.restart(), AGAIN_MS);
    }
  }

  _newConference() {
    const app = this._app;
    return new Conference({
      send: (type, members) => this.send(type, members),
      tracks: () => app.equipment.tracks,
      personOf: (session) => app.state.meeting.people.find((person) => person.session === session),
      changed: () => {
        this._play();
        app.render();
      },
    });
  }

  _play() {
    const people = others(this._app.state);
    this._app.sounds.play(people.map(({ session }) => [session, this.conference?.streams(session).audio ?? null]));
  }

  _outside() {
    this.conference?.close();
    this.conference = null;
    this._app.sounds.play([]);
  }
}
