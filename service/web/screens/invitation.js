// Who invites, when, where to; and from when on joining is possible.

import { button, h, say, set, show } from "../dom.js";
import { facts, heading, lock, note, refusal, trouble } from "../parts/frame.js";
import { duration, when } from "../times.js";

const DAY_MS = 24 * 3600 * 1000;

export function invitation(app) {
  const { words } = app;
  const { appointment, name } = app.state.invitation;
  const time = when(appointment, words.language);
  const opens = when({ ...appointment, start: appointment.opens_at }, words.language);
  const join = button(null, words.t("invitation.join"), () => app.toTest(), "primary wide");
  const test = button("headphones", words.t("invitation.test"), () => app.toTest(), "quiet wide");
  const left = h("p", { class: "countdown", "aria-hidden": "true" });
  const from = h("p");
  const early = h("div", { class: "early" }, from, left);
  const wrong = note({ alert: true });

  function tick() {
    const remaining = Date.parse(appointment.opens_at) - app.service.now();
    show(early, remaining > 0);
    show(test, remaining > 0);
    set(join, "disabled", remaining > 0);
    const today = remaining < DAY_MS / 2;
    const values = { day: opens.day, time: opens.hours.split("–")[0] };
    say(from, words.t(today ? "invitation.early" : "invitation.early-day", values));
    show(left, today);
    say(left, words.t("invitation.left", { time: duration(remaining) }));
  }

  const root = h("div", { class: "card" },
    h("p", { class: "quiet" }, words.t("invitation.hello", { name })),
    heading(appointment.title),
    facts([
      ["calendar", words.t("invitation.when"), h("strong", {}, time.day), h("br"), `${words.t("invitation.clock", { hours: time.hours })}${time.zone ? ` (${time.zone})` : ""}`],
      ["person", words.t("invitation.who"), appointment.host_name],
      ...(appointment.office ? [["place", words.t("invitation.office"), appointment.office]] : []),
    ]),
    appointment.description ? h("p", { class: "description" }, appointment.description) : null,
    wrong.root, early,
    h("div", { class: "actions" }, join, test),
    trouble(words, appointment), lock(words));
  tick();
  return {
    root,
    tick,
    update: (state) => wrong.set("warn", refusal(words, state.refusal)),
  };
}
