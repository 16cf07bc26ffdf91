// Waiting to be let in: nobody but the host sees who waits here.

import { button, h, icon, say } from "../dom.js";
import { queue } from "../news.js";
import { chat } from "../parts/chat.js";
import { help } from "../parts/devices.js";
import { heading, lock, note, trouble } from "../parts/frame.js";
import { mirror } from "../parts/mirror.js";
import { reconnecting } from "../parts/banner.js";
import { toggle } from "../parts/toggle.js";

const KINDS = Object.freeze(["camera", "microphone"]);

export function lobby(app) {
  const { words } = app;
  const { appointment } = app.state.meeting;
  const host = appointment.host_name;
  const soon = h("p", { class: "soon" });
  const place = h("p", { class: "place" });
  const put = note();
  const notice = note();
  const link = reconnecting(app);
  const toggles = KINDS.map((kind) => toggle(app, kind));
  const helps = KINDS.map((kind) => help(app, kind));
  const picture = mirror(app);
  const messages = chat(app, true);
  const details = h("details", { class: "own" }, h("summary", {}, words.t("lobby.equipment")), picture.root);
  const leave = button("leave", words.t("leave"), () => app.leave(), "danger");

  const root = h("div", { class: "card" },
    heading(words.t("lobby.title")),
    link.root, put.root,
    h("div", { class: "waiting" }, h("span", { class: "pulse" }, icon("clock")), h("div", {}, soon, place)),
    h("p", { class: "quiet" }, words.t("lobby.stay")),
    h("div", { class: "toggles", role: "group", "aria-label": words.t("lobby.devices") }, toggles.map((one) => one.root)),
    helps.map((one) => one.root), notice.root, details,
    h("section", { class: "messages" }, h("h2", {}, words.t("lobby.messages", { host })), messages.root),
    trouble(words, appointment),
    h("div", { class: "actions" }, leave), lock(words));
  return {
    root,
    update(state) {
      const { you, place: number, reason } = state.meeting;
      const others = you.state === "waiting-for-others";
      say(soon, words.t(others ? "lobby.others" : "lobby.soon", { host }));
      say(place, others || number === 0 ? "" : queue(number, words));
      put.set("info", state.putBack ? [words.t("lobby.put-back", { host }), reason].filter(Boolean).join(" ") : "");
      notice.set("info", app.notice);
      link.update(state);
      toggles.forEach((one) => one.update());
      KINDS.forEach((kind, at) => helps[at].update(troubleOf(app, kind)));
      picture.update();
      messages.update(state);
    },
    close: () => picture.close(),
  };
}

function troubleOf(app, kind) {
  const status = app.equipment?.status[kind] ?? "idle";
  return ["idle", "asking", "on", "off"].includes(status) ? "" : status;
}
