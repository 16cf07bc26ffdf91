// The confirmation code the host reads aloud: six digits, pasted or typed.

import { button, focused, h, icon, say, set, show } from "../dom.js";
import { note, refusal } from "./frame.js";

const IDENTIFIED = Object.freeze(["signed-in", "strong"]);

export function code(app) {
  const { words } = app;
  const field = h("input", { id: "code", type: "text", inputmode: "numeric", autocomplete: "one-time-code", maxlength: "20", "aria-describedby": "code-why", oninput: tidy });
  const press = button("check", words.t("code.confirm"), () => confirm(), "quiet");
  const wrong = note({ alert: true });
  const form = h("form", { onsubmit: (event) => { event.preventDefault(); confirm(); } },
    h("label", { for: field.id }, words.t("code.label")),
    h("p", { class: "quiet", id: "code-why" }, words.t("code.why")),
    h("div", { class: "row" }, field, press), wrong.root);
  const done = h("p", { class: "note good", role: "status", tabindex: "-1" }, icon("check"), h("span"));
  show(done, false);

  function tidy() {
    const digits = field.value.replace(/\D/g, "").slice(0, 6);
    if (field.value !== digits) field.value = digits;
  }

  // Enter sends a form whose button is disabled, and each send costs a try.
  async function confirm() {
    if (press.disabled) return;
    tidy();
    if (field.value.length !== 6) {
      wrong.set("warn", words.t("code.six"));
      field.focus();
      return;
    }
    set(press, "disabled", true);
    try {
      await app.confirm(field.value);
      wrong.set("bad", "");
    } catch ({ code: reason, triesLeft }) {
      wrong.set("bad", why(words, reason, triesLeft));
      if (focused(form)) again();
    }
    set(press, "disabled", false);
  }

  function again() {
    field.select();
    field.focus();
    wrong.root.scrollIntoView({ block: "nearest" });
  }

  return {
    root: h("section", { class: "code", "aria-label": words.t("code.label") }, form, done),
    update({ meeting: { you } }) {
      if (you.code_confirmed && done.hidden) {
        const held = form.contains(document.activeElement);
        say(done.lastChild, words.t(IDENTIFIED.includes(you.assurance) ? "code.identified" : "code.confirmed"));
        show(done, true);
        if (held) done.focus();
      }
      show(form, !you.code_confirmed);
      if (!you.code_confirmed) show(done, false);
    },
  };
}

function why(words, reason, triesLeft) {
  if (reason === "too-many-tries" || (reason === "wrong-code" && triesLeft === 0)) return words.t("code.spent");
  return reason === "wrong-code" ? words.count("code.wrong", triesLeft) : refusal(words, reason);
}
