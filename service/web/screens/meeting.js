// The meeting: who speaks, oneself, and at any time camera, microphone, chat, code, number and the way out.

import { button, h, icon, say, set, show } from "../dom.js";
import { reconnecting } from "../parts/banner.js";
import { chat } from "../parts/chat.js";
import { code } from "../parts/code.js";
import { help } from "../parts/devices.js";
import { heading, lock, note, trouble } from "../parts/frame.js";
import { stage } from "../parts/stage.js";
import { toggle } from "../parts/toggle.js";
import { settings } from "../parts/settings.js";
import { duration } from "../times.js";

const KINDS = Object.freeze(["camera", "microphone"]);

export function meeting(app) {
  const { words } = app;
  const { appointment } = app.state.meeting;
  const tiles = stage(app);
  const link = reconnecting(app);
  const notice = note();
  const identity = code(app);
  const toggles = KINDS.map((kind) => toggle(app, kind));
  const helps = KINDS.map((kind) => help(app, kind));
  const talk = panel(app);
  const choices = settings(app);
  const clock = h("span", { class: "clock", role: "timer", "aria-live": "off" });
  const hear = button("speaker", words.t("sound.tap"), () => app.sounds.wake(), "primary hear");
  const since = Date.parse(app.state.meeting.started_at ?? "") || app.service.now();
  const awake = stayAwake();

  const root = h("div", { class: "conference" },
    h("header", {}, heading(appointment.title), clock, lock(words)),
    link.root, notice.root, hear,
    h("div", { class: "body" }, tiles.root,
      h("div", { class: "side" }, tiles.strip, helps.map((one) => one.root), identity.root, choices.root, trouble(words, appointment))),
    h("div", { class: "bar", role: "group", "aria-label": words.t("meeting.controls") },
      toggles.map((one) => one.root), button("leave", words.t("leave"), () => app.leave(), "danger"), talk.bubble),
    talk.root);

  function tick() {
    say(clock, duration(app.service.now() - since));
  }

  tick();
  return {
    root,
    tick,
    update(state) {
      tiles.update(state);
      link.update(state);
      notice.set("info", app.notice);
      identity.update(state);
      choices.update();
      toggles.forEach((one) => one.update());
      KINDS.forEach((kind, at) => helps[at].update(troubleOf(app, kind)));
      talk.update(state);
      show(hear, app.sounds.blocked);
    },
    close() {
      tiles.close();
      awake();
    },
  };
}

function troubleOf(app, kind) {
  const status = app.equipment?.status[kind] ?? "idle";
  return ["idle", "asking", "on", "off"].includes(status) ? "" : status;
}

/** The chat's bubble with what is unread, and its panel. */
function panel(app) {
  const { words } = app;
  const talk = chat(app, false);
  const count = h("span", { class: "count" });
  const word = h("span", {}, words.t("chat.title"));
  const bubble = h("button", { type: "button", class: "bubble", "aria-controls": "chat", onclick: () => turn(!app.state.chatOpen) }, icon("chat"), word, count);
  const close = h("button", { type: "button", class: "button plain square", "aria-label": words.t("chat.close"), onclick: () => turn(false) }, icon("close"));
  const root = h("section", { id: "chat", class: "panel", "aria-label": words.t("chat.title"), onkeydown: (event) => event.key === "Escape" && turn(false) },
    h("header", {}, h("h2", {}, words.t("chat.title")), close), talk.root);

  function turn(open) {
    app.dispatch({ type: open ? "chat-opened" : "chat-closed" });
    (open ? talk.field : bubble).focus();
  }

  return {
    root,
    bubble,
    update(state) {
      show(root, state.chatOpen);
      set(bubble, "aria-expanded", String(state.chatOpen));
      show(count, state.unread > 0);
      say(count, String(state.unread));
      set(bubble, "aria-label", state.unread > 0 ? words.count("chat.unread", state.unread) : null);
      talk.update(state);
    },
  };
}

// A phone must not fall asleep in a meeting; where the browser can't help it may.
function stayAwake() {
  let held = null;
  const ask = async () => {
    if (!document.hidden) held = await navigator.wakeLock?.request("screen").catch(() => null);
  };
  document.addEventListener("visibilitychange", ask);
  ask();
  return () => {
    document.removeEventListener("visibilitychange", ask);
    held?.release().catch(() => {});
  };
}
