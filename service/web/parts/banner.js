// The way to the service is lost, or bad: what happens, and what to do.

import { button, show } from "../dom.js";
import { note } from "./frame.js";

/** Shown while the connection comes back. */
export function reconnecting(app) {
  const said = note();
  const press = button("again", app.words.t("link.again"), () => app.reconnect());
  said.root.append(press);
  said.root.setAttribute("role", "status");
  return {
    root: said.root,
    update(state) {
      const lost = state.link !== "open";
      said.set("warn", lost ? app.words.t("link.lost") : app.conference?.poor ? app.words.t("link.poor") : "");
      show(press, lost);
    },
  };
}
