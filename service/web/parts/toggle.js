// Camera and microphone switches: their true state by word, icon and slash.

import { draw, h, icon, say, set } from "../dom.js";

const TROUBLES = Object.freeze(["denied", "dismissed", "system", "missing", "busy", "insecure", "failed"]);

/** `kind`: camera or microphone. A press switches it, or tries again where there is trouble. */
export function toggle(app, kind) {
  const picture = icon(`${kind}-off`);
  const word = h("span", { class: "word" });
  const root = h("button", { type: "button", class: "toggle", onclick: () => app.turn(kind, !app.equipment.live(kind)) },
    picture, h("span", { class: "what" }, app.words.t(`${kind}.name`)), word);
  return {
    root,
    update() {
      const status = app.equipment?.status[kind] ?? "idle";
      const live = app.equipment?.live(kind) ?? false;
      const shown = TROUBLES.includes(status) || status === "asking" ? status : live ? "on" : "off";
      draw(picture, live ? kind : `${kind}-off`);
      say(word, app.words.t(`status.${shown}`));
      set(root, "data-status", live ? "on" : TROUBLES.includes(status) ? "trouble" : "off");
      set(root, "aria-busy", status === "asking");
    },
  };
}
