// A link nobody opened yet: which server it leads to, before anything is sent there.

import { button, h, icon, set } from "../dom.js";
import { heading, lock, note, refusal } from "../parts/frame.js";

export function sealed(app) {
  const { words } = app;
  const open = button(null, words.t("sealed.open"), () => app.open(), "primary wide");
  const trouble = note({ alert: true });
  const root = h("div", { class: "card narrow" },
    h("div", { class: "emblem" }, icon("calendar")),
    heading(words.t("sealed.title")),
    h("p", {}, words.t("sealed.leads")),
    h("p", { class: "server" }, location.host),
    h("p", { class: "quiet" }, words.t("sealed.know")),
    trouble.root, open, lock(words));
  return {
    root,
    update(state) {
      const opening = state.step === "opening";
      set(open, "disabled", opening);
      open.lastChild.textContent = words.t(opening ? "sealed.opening" : state.refusal ? "again" : "sealed.open");
      trouble.set("bad", refusal(words, state.refusal));
    },
  };
}
