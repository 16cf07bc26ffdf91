// One person: picture or initials, name, how sure we are of it, what is on, who speaks.

import { draw, h, icon, say, set, show } from "../dom.js";

/** `own`: this person, seen as in a mirror. */
export function tile(app, own = false) {
  const { words } = app;
  const picture = h("video", { playsinline: true, autoplay: true, tabindex: "-1", "aria-hidden": "true" });
  picture.muted = true;
  const initials = h("span", { class: "initials", "aria-hidden": "true" });
  const name = h("span", { class: "name" });
  const sure = h("span", { class: "sure" });
  const voice = icon("microphone-off");
  const voiced = h("span", { class: "unseen" });
  const state = h("span", { class: "away" });
  const speaks = h("span", { class: "speaks" }, icon("speaker"), h("span", {}, words.t("tile.speaks")));
  const grow = h("button", { type: "button", class: "grow", onclick: () => enlarge(root, picture) }, icon("enlarge"));
  const root = h("figure", { class: own ? "tile own" : "tile" }, picture, initials, state, speaks, grow,
    h("figcaption", {}, voice, voiced, name, sure));
  let shown = null;
  set(grow, "hidden", own || !canEnlarge(picture));

  return {
    root,
    picture,
    update(person, stream, speaking) {
      if (stream !== shown) {
        shown = stream;
        picture.srcObject = stream;
        if (stream) picture.play().catch(() => {});
      }
      const seen = stream !== null && person.camera;
      show(picture, seen);
      show(initials, !seen);
      say(initials, initialsOf(person.name));
      say(name, own ? words.t("tile.you") : person.name);
      draw(voice, person.microphone ? "microphone" : "microphone-off");
      say(voiced, words.t(person.microphone ? "tile.voice-on" : "tile.voice-off"));
      say(sure, own ? "" : assurance(words, person));
      show(speaks, speaking);
      set(root, "data-speaking", speaking);
      const away = person.state === "reconnecting";
      show(state, away);
      say(state, away ? words.t("tile.reconnecting") : "");
      set(grow, "aria-label", words.t(document.fullscreenElement === root ? "tile.shrink" : "tile.enlarge", { name: person.name }));
      draw(grow.firstChild, document.fullscreenElement === root ? "shrink" : "enlarge");
    },
    close() {
      picture.srcObject = null;
    },
  };
}

/** What stands behind a name: never more than was proven. */
export function assurance(words, person) {
  if (person.seat === "host") return words.t("assurance.host");
  return words.t(person.code_confirmed ? "assurance.code" : `assurance.${person.assurance}`);
}

function initialsOf(name) {
  return name.split(/\s+/).filter(Boolean).slice(0, 2).map((part) => [...part][0].toUpperCase()).join("");
}

function canEnlarge(picture) {
  return Boolean(document.fullscreenEnabled || picture.webkitEnterFullscreen);
}

// An iPhone enlarges pictures alone.
function enlarge(root, picture) {
  if (document.fullscreenElement) document.exitFullscreen();
  else if (root.requestFullscreen) root.requestFullscreen().catch(() => {});
  else picture.webkitEnterFullscreen?.();
}
