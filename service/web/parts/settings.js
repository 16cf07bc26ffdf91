// Another camera, microphone or speaker during the meeting.

import { h } from "../dom.js";
import { chooser } from "./devices.js";

export function settings(app) {
  const choosers = ["camera", "microphone", "speaker"].map((kind) => chooser(app, kind));
  return {
    root: h("details", { class: "settings" }, h("summary", {}, app.words.t("meeting.devices")), choosers.map((one) => one.root)),
    update() {
      if (app.equipment) choosers.forEach((one) => one.update());
    },
  };
}
