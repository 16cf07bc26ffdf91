// "We hear you": a bar that moves with the voice, and the same in words.

import { h, say, set } from "../dom.js";
import { Level } from "../media/level.js";

const STEP_MS = 100;
const HELD_MS = 2000;

/** `found(silent)`: nothing was heard for a while. */
export function meter(app, found) {
  const bar = h("div", { class: "bar" });
  const scale = h("div", { class: "meter", role: "meter", "aria-label": app.words.t("meter.name"), "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "0" }, bar);
  const word = h("p", { class: "quiet" });
  let level = null;
  let track = null;
  let heardAt = -Infinity;

  function look() {
    const read = level?.read() ?? { share: 0, heard: false, silent: false };
    const on = app.equipment?.live("microphone") ?? false;
    const now = performance.now();
    if (read.heard) heardAt = now;
    bar.style.setProperty("--level", on ? read.share.toFixed(2) : "0");
    set(scale, "aria-valuenow", on ? Math.round(read.share * 10) * 10 : 0);
    const heard = on && now - heardAt < HELD_MS;
    set(scale, "data-heard", heard);
    say(word, app.words.t(on ? (heard ? "meter.heard" : "meter.speak") : "meter.off"));
    found(on && read.silent);
  }

  const timer = setInterval(look, STEP_MS);
  look();
  return {
    root: h("div", { class: "level" }, scale, word),
    update() {
      const now = app.equipment?.tracks.microphone ?? null;
      if (now === track) return;
      track = now;
      level?.close();
      level = track ? new Level(track) : null;
    },
    close() {
      clearInterval(timer);
      level?.close();
    },
  };
}
