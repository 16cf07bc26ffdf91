// Which screen is there, and what is said to those who don't see it.

import { h } from "./dom.js";
import { SCREENS } from "./screens/all.js";
import { screenOf } from "./state.js";

export class View {
  /** `sounds`: the element with the players, which no change of screen may touch. */
  constructor(app, sounds) {
    this._app = app;
    this._screen = null;
    this._main = h("main", { id: "screen" });
    const said = h("div", { id: "announcements", role: "log", "aria-live": "polite", class: "unseen" });
    document.body.append(this._main, sounds, said);
  }

  /** Draw the state: another screen where it is another one, and its heading has the focus. */
  draw(state) {
    const name = screenOf(state);
    if (this._screen?.name !== name) this._change(name);
    this._screen.update(state);
  }

  /** A second went by. */
  tick() {
    this._screen?.tick?.();
  }

  /** Drawn anew next time: the words are other ones. */
  clear() {
    this._screen?.close?.();
    this._screen = null;
  }

  _change(name) {
    const first = this._screen === null && name === "start";
    this.clear();
    this._screen = { name, ...SCREENS[name](this._app) };
    this._main.replaceChildren(this._screen.root);
    this._main.className = name;
    scrollTo(0, 0);
    const heading = this._screen.root.querySelector("h1");
    document.title = `${heading.textContent} · ${location.host}`;
    if (!first) heading.focus({ preventScroll: true });
  }
}
