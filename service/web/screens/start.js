// Before anything is known, and while a reloaded page finds its place again.

import { heading } from "../parts/frame.js";
import { h, say } from "../dom.js";

export function start({ words }) {
  const text = h("p");
  return {
    root: h("div", { class: "card narrow", "aria-busy": "true" }, heading(words.t("start.title")), text),
    update: (state) => say(text, words.t(state.step === "resuming" ? "start.back" : "start.wait")),
  };
}
