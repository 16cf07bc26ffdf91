// It is over, or never began: why, and what to do next.

import { button, h, icon, say, show } from "../dom.js";
import { heading, lock, trouble } from "../parts/frame.js";

// What helps: come again, or nothing here.
const AGAIN = Object.freeze({
  left: "goodbye.rejoin",
  declined: "goodbye.rejoin",
  "taken-over": "goodbye.here",
  unreachable: "again",
  "server-error": "again",
  "too-many-tries": "again",
});
const PICTURES = Object.freeze({ left: "check", ended: "check" });

export function goodbye(app) {
  const { words, state } = app;
  const appointment = state.meeting?.appointment ?? state.invitation?.appointment ?? null;
  const code = state.end;
  const values = { host: appointment?.host_name ?? "" };
  const reason = h("blockquote");
  const root = h("div", { class: "card narrow" },
    h("div", { class: "emblem" }, icon(PICTURES[code] ?? "info")),
    heading(words.either(`bye.${code}.title`, "bye.other.title", values)),
    h("p", {}, words.either(`bye.${code}.text`, "bye.other.text", values)),
    reason,
    AGAIN[code] ? button(null, words.t(AGAIN[code]), () => app.again(), "primary wide") : null,
    appointment ? trouble(words, appointment) : null,
    code === "left" || code === "ended" ? h("p", { class: "quiet" }, words.t("bye.close")) : null,
    lock(words));
  return {
    root,
    update(now) {
      say(reason, now.reason);
      show(reason, now.reason !== "");
    },
  };
}
