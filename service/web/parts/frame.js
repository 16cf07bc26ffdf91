// What screens share: heading, the lock that names the server, sentences with an icon, the number to call.

import { draw, h, icon, say, show } from "../dom.js";

const HERE = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** A screen's heading: it is given the focus when the screen comes. */
export function heading(text) {
  return h("h1", { tabindex: "-1" }, text);
}

/** "Encrypted to SERVER": it names the server, and claims nothing beyond it. */
export function lock(words, { protocol, hostname, host: server } = location) {
  const safe = protocol === "https:";
  const key = safe ? "lock.server" : HERE.test(hostname) ? "lock.local" : "lock.open";
  return h("p", { class: `lock ${safe ? "good" : ""}` }, icon(safe ? "lock" : "info"), h("span", {}, words.t(key, { server })));
}

/** A sentence with an icon; `set(kind, text)` with kind good, warn, bad or info, "" hides it. */
export function note({ alert = false } = {}) {
  const picture = icon("info");
  const text = h("span");
  const root = h("div", { class: "note", role: alert ? "alert" : null }, picture, text);
  show(root, false);
  return {
    root,
    set(kind, sentence) {
      show(root, Boolean(sentence));
      if (!sentence) return say(text, "");
      root.className = `note ${kind}`;
      draw(picture, { good: "check", warn: "warning", bad: "warning", info: "info" }[kind]);
      return say(text, sentence);
    },
  };
}

/** The number to call in trouble, in large figures; nothing where there is none. */
export function trouble(words, appointment) {
  const number = appointment.expert_number;
  if (!number) return null;
  return h("section", { class: "trouble", "aria-label": words.t("trouble.title") },
    h("p", {}, words.t("trouble.call", { name: appointment.host_name })),
    h("a", { class: "number", href: `tel:${number.replace(/[^+0-9]/g, "")}` }, icon("phone"), h("span", {}, number)));
}

/** Name and value rows. */
export function facts(rows) {
  return h("dl", { class: "facts" }, rows.map(([name, term, ...value]) =>
    h("div", {}, h("dt", {}, icon(name), h("span", {}, term)), h("dd", {}, ...value))));
}

/** What a refusal means to a person. */
export function refusal(words, code, values = {}) {
  return code ? words.either(`refused.${code}`, "refused.server-error", values) : "";
}
