// Messages as text, and the field to write one. What was not taken stays in the field, also from lobby to meeting.

import { button, focused, h, set } from "../dom.js";
import { lines } from "../state.js";
import { note, refusal } from "./frame.js";

/** `lobby`: between the host and this person who waits. */
export function chat(app, lobby) {
  const { words } = app;
  const name = lobby ? "lobby-message" : "message";
  const list = h("ol", { class: "lines", "aria-label": words.t("chat.title"), tabindex: "0" });
  const none = h("p", { class: "quiet" }, words.t(lobby ? "chat.lobby-none" : "chat.none"));
  const field = h("textarea", { id: name, rows: "2", maxlength: "2000", autocomplete: "off", oninput: () => draft(field.value), onkeydown: (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    }
  } });
  const press = button("send", words.t("chat.send"), () => send(), lobby ? "quiet" : "primary");
  const wrong = note({ alert: true });
  const begun = note();
  const form = h("form", { onsubmit: (event) => { event.preventDefault(); send(); } },
    h("label", { for: name }, words.t(lobby ? "chat.lobby-label" : "chat.label")), field, begun.root, wrong.root, press);
  let shown = null;

  function draft(text) {
    app.dispatch({ type: "drafted", text, lobby });
  }

  async function send() {
    const text = field.value.trim();
    if (!text || press.disabled) return;
    set(press, "disabled", true);
    try {
      await app.say(text, lobby);
      if (app.state.draft.text.trim() === text) draft("");
      wrong.set("bad", "");
    } catch ({ code }) {
      wrong.set("bad", refusal(words, code));
    }
    set(press, "disabled", false);
    if (focused(form)) field.focus();
  }

  return {
    root: h("div", { class: "chat" }, none, list, form),
    field,
    update(state) {
      if (field.value !== state.draft.text) field.value = state.draft.text;
      begun.set("info", state.draft.lobby && !lobby ? words.t("chat.begun") : "");
      const all = lines(state, lobby);
      const now = `${all.length} ${all.at(-1)?.id}`;
      if (now === shown) return;
      shown = now;
      none.hidden = all.length > 0;
      list.hidden = all.length === 0;
      list.replaceChildren(...all.map((line) => drawn(words, line, state.meeting.you.session)));
      list.scrollTop = list.scrollHeight;
    },
  };
}

function drawn(words, line, own) {
  const mine = line.session === own;
  const clock = new Intl.DateTimeFormat(words.language, { hour: "2-digit", minute: "2-digit" }).format(new Date(line.at));
  return h("li", { class: mine ? "mine" : "" },
    h("span", { class: "by" }, `${mine ? words.t("chat.you") : line.name} · ${clock}`), h("span", { class: "text" }, line.text));
}
