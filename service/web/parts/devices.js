// Camera, microphone and speaker: the choices, and what is wrong with them and what helps.

import { button, h, icon, say, set, show } from "../dom.js";
import { browserOf } from "../service.js";

const ALLOWING = Object.freeze(["denied", "dismissed"]);

/** A drop-down of the devices of a kind that are plugged in now. */
export function chooser(app, kind) {
  const list = h("select", { id: `choose-${kind}`, onchange: () => app.choose(kind, list.value) });
  const root = h("div", { class: "field" }, h("label", { for: list.id }, app.words.t(`${kind}.name`)), list);
  let shown = "";
  return {
    root,
    update() {
      const devices = app.equipment.lists[kind];
      const chosen = app.equipment.devices[kind];
      const now = JSON.stringify([devices, chosen]);
      if (now === shown) return;
      shown = now;
      const named = devices.map(({ id, label }, at) => h("option", { value: id, selected: id === chosen }, label || `${app.words.t(`${kind}.name`)} ${at + 1}`));
      if (named.length === 0) named.push(h("option", { value: "" }, app.words.t(kind === "speaker" ? "speaker.default" : "device.none")));
      list.replaceChildren(...named);
      set(list, "disabled", devices.length === 0);
    },
  };
}

/** What is wrong with the camera or the microphone, and what helps in this browser. */
export function help(app, kind) {
  const title = h("strong");
  const text = h("p");
  const again = button("again", app.words.t("again"), () => app.turn(kind, true));
  const root = h("div", { class: "note warn help", role: "status" }, icon("warning"), h("div", {}, title, text, again));
  show(root, false);
  return {
    root,
    update(trouble) {
      show(root, Boolean(trouble));
      if (!trouble) return;
      say(title, app.words.t(`${kind}.${trouble}`));
      say(text, advice(app.words, trouble));
      show(again, !["black", "silent", "insecure"].includes(trouble));
    },
  };
}

function advice(words, trouble) {
  if (!ALLOWING.includes(trouble)) return words.t(`advice.${trouble}`);
  const browser = words.t(`allow.${browserOf(navigator.userAgent)}`);
  return trouble === "dismissed" ? words.t("advice.dismissed") : browser;
}
