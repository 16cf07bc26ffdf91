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
      said.set("warn", lost ? app.words.t("link.lost") : media(app, state));
      show(press, lost);
    },
  };
}

// How sound and picture come, where it is worth a word: who gets neither is told what else can be done.
function media({ conference, words }, { meeting }) {
  if (!conference?.blocked) return conference?.poor ? words.t("link.poor") : "";
  const number = meeting.appointment.expert_number;
  return [words.t(`link.blocked.${conference.blocked}`), number ? words.t("link.call", { number }) : ""].filter(Boolean).join(" ");
}
