// Who speaks is large, the others and oneself are small; each picture is asked for as large as it is shown.

import { h, say, show } from "../dom.js";
import { others } from "../state.js";
import { tile } from "./tile.js";

/** Which of `people` is large: who speaks now, else who was, else the first (the host). */
export function large(people, speaking, before) {
  const there = (session) => people.some((person) => person.session === session);
  if (speaking && there(speaking)) return speaking;
  return there(before) ? before : (people[0]?.session ?? "");
}

// What is taken out loses the focus, also where it is put in again at once.
function move(root, place) {
  const held = root.contains(document.activeElement) ? document.activeElement : null;
  place.append(root);
  held?.focus({ preventScroll: true });
}

export function stage(app) {
  const { words } = app;
  const alone = h("p", { class: "alone" });
  const root = h("div", { class: "stage" }, alone);
  const strip = h("div", { class: "strip", role: "group", "aria-label": words.t("meeting.people") });
  const own = tile(app, true);
  const tiles = new Map();
  const sizes = new ResizeObserver(() => wish());
  let main = "";
  let ownTrack = null;
  let ownStream = null;
  document.addEventListener("fullscreenchange", redraw);

  function redraw() {
    app.render();
    wish();
  }

  function wish() {
    for (const [session, one] of tiles) {
      const height = document.hidden ? 0 : one.root.clientHeight * Math.min(devicePixelRatio, 2);
      app.conference?.wish(session, Math.round(height));
    }
  }

  function add(session) {
    const made = tile(app);
    tiles.set(session, made);
    sizes.observe(made.root);
    return made;
  }

  function drop(session) {
    const gone = tiles.get(session);
    sizes.unobserve(gone.root);
    gone.close();
    gone.root.remove();
    tiles.delete(session);
  }

  // A picture that moves leaves full screen: while one fills the screen nothing behind it changes places.
  function chosen(people) {
    const filled = [...tiles.values()].some(({ root, picture }) => root === document.fullscreenElement || picture.webkitDisplayingFullscreen);
    return filled ? main : large(people, app.conference?.speaking ?? "", main);
  }

  function mirrored(state) {
    const track = app.equipment?.tracks.camera ?? null;
    if (track !== ownTrack) {
      ownTrack = track;
      ownStream = track ? new MediaStream([track]) : null;
    }
    const live = (kind) => app.equipment?.live(kind) ?? false;
    own.update({ ...state.meeting.you, state: "connected", camera: live("camera"), microphone: live("microphone") }, ownStream, false);
  }

  strip.append(own.root);
  return {
    root,
    strip,
    update(state) {
      const people = others(state);
      const speaking = app.conference?.speaking ?? "";
      for (const session of [...tiles.keys()]) if (!people.some((person) => person.session === session)) drop(session);
      main = chosen(people);
      for (const person of people) {
        const one = tiles.get(person.session) ?? add(person.session);
        const place = person.session === main ? root : strip;
        if (one.root.parentNode !== place) move(one.root, place);
        one.update(person, app.conference?.streams(person.session).video ?? null, person.session === speaking);
      }
      show(alone, people.length === 0);
      say(alone, people.length === 0 ? words.t("meeting.alone") : "");
      mirrored(state);
      wish();
    },
    close() {
      document.removeEventListener("fullscreenchange", redraw);
      sizes.disconnect();
      [own, ...tiles.values()].forEach((one) => one.close());
    },
  };
}
