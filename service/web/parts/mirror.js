// One's own picture, as in a mirror.

import { h, icon, say, show } from "../dom.js";
import { isBlack } from "../media/level.js";

/** `found(black)`: whether the playing picture is black, looked at with every `tick`. */
export function mirror(app, found = () => {}) {
  const picture = h("video", { playsinline: true, autoplay: true, tabindex: "-1", "aria-label": app.words.t("mirror.name") });
  picture.muted = true;
  const empty = h("div", { class: "empty" }, icon("camera-off"), h("span"));
  const root = h("div", { class: "mirror" }, picture, empty);
  const canvas = document.createElement("canvas");
  let shown = null;
  return {
    root,
    picture,
    update() {
      const track = app.equipment?.tracks.camera ?? null;
      if (track !== shown) {
        shown = track;
        picture.srcObject = track ? new MediaStream([track]) : null;
        if (track) picture.play().catch(() => {});
      }
      show(picture, track !== null);
      show(empty, track === null);
      say(empty.lastChild, app.words.t(app.equipment?.status.camera === "asking" ? "mirror.asking" : "mirror.off"));
    },
    tick: () => found(shown !== null && isBlack(picture, canvas)),
    close() {
      picture.srcObject = null;
    },
  };
}
