// The test page: do they see and hear me, do I hear them; then into the lobby.

import { button, h, icon, say, set, show } from "../dom.js";
import { canChoose, play } from "../media/tone.js";
import { chooser, help } from "../parts/devices.js";
import { heading, lock, note, refusal, trouble } from "../parts/frame.js";
import { meter } from "../parts/meter.js";
import { mirror } from "../parts/mirror.js";
import { toggle } from "../parts/toggle.js";
import { duration } from "../times.js";

const DAY_MS = 24 * 3600 * 1000;
const UNREACHED_MS = 5000;
const KINDS = Object.freeze(["camera", "microphone"]);

export function test(app) {
  const { words } = app;
  const { appointment } = app.state.invitation;
  const picture = mirror(app, (black) => found("camera", black ? "black" : null));
  const level = meter(app, (silent) => found("microphone", silent ? "silent" : null));
  const toggles = KINDS.map((kind) => toggle(app, kind));
  const choosers = [...KINDS, "speaker"].map((kind) => chooser(app, kind));
  const helps = KINDS.map((kind) => help(app, kind));
  const speaker = speakerTest(app, (check) => found("speaker", check));
  const asking = note();
  const notice = note();
  const wrong = note({ alert: true });
  const join = button(null, words.t("test.join"), () => app.join(), "primary wide");
  const back = button(null, words.t("test.back"), () => app.toInvitation(), "plain");
  const early = h("p", { class: "quiet" });
  let joiningSince = null;

  function found(kind, check) {
    if ((app.found[kind] ?? null) === check) return;
    if (check === null) delete app.found[kind];
    else app.found[kind] = check;
    app.render();
  }

  function tick() {
    const remaining = Date.parse(appointment.opens_at) - app.service.now();
    say(early, remaining > 0 && remaining < DAY_MS ? words.t("invitation.left", { time: duration(remaining) }) : "");
    picture.tick();
    told(app.state);
  }

  // Joining goes on by itself, and where nobody answers it does so for ever: that is said, and one may turn back.
  function told({ joining, link, refusal: code }) {
    joiningSince = joining && link !== "open" ? (joiningSince ?? performance.now()) : null;
    const unreached = joiningSince !== null && performance.now() - joiningSince > UNREACHED_MS;
    wrong.set(unreached ? "warn" : "bad", unreached ? words.t("test.unreached") : refusal(words, code));
    show(back, !joining || unreached);
  }

  const root = h("div", { class: "card wide" },
    heading(words.t("test.title")),
    h("p", { class: "quiet" }, words.t("test.lead", { host: appointment.host_name })),
    h("div", { class: "columns" },
      h("div", {}, picture.root, h("div", { class: "toggles" }, toggles.map((one) => one.root)), asking.root, helps.map((one) => one.root)),
      h("div", { class: "choices" }, choosers[0].root, choosers[1].root, level.root,
        choosers[2].root, canChoose() ? null : h("p", { class: "quiet" }, words.t("speaker.fixed")), speaker.root)),
    h("p", { class: "note info" }, icon("headphones"), h("span", {}, words.t("test.private"))),
    notice.root, wrong.root,
    h("div", { class: "actions" }, join, early, back),
    trouble(words, appointment), lock(words));
  tick();
  return {
    root,
    tick,
    update(state) {
      const { status } = app.equipment;
      [...toggles, ...choosers].forEach((part) => part.update());
      picture.update();
      level.update();
      KINDS.forEach((kind, at) => helps[at].update(troubleNow(app, kind)));
      asking.set("info", KINDS.some((kind) => status[kind] === "asking") ? words.t("test.asking") : "");
      notice.set("info", app.notice);
      set(join, "disabled", state.early || state.joining);
      say(join.lastChild, words.t(state.joining ? "test.joining" : "test.join"));
      told(state);
    },
    close() {
      picture.close();
      level.close();
    },
  };
}

function troubleNow(app, kind) {
  const status = app.equipment.status[kind];
  if (["idle", "asking", "off"].includes(status)) return "";
  return status === "on" ? (app.found[kind] ?? "") : status;
}

function speakerTest(app, found) {
  const { words } = app;
  const question = h("div", { class: "question" }, h("span", {}, words.t("speaker.heard")),
    button("check", words.t("yes"), () => answer("ok", "good", "speaker.good")),
    button("close", words.t("no"), () => answer("silent", "warn", "speaker.help")));
  const result = note();
  const press = button("speaker", words.t("speaker.play"), async () => {
    set(press, "disabled", true);
    result.set("info", "");
    const played = await play(app.equipment.devices.speaker).then(() => true, () => false);
    set(press, "disabled", false);
    show(question, played);
    if (!played) answer("failed", "warn", "speaker.failed");
  });

  function answer(check, kind, key) {
    found(check);
    show(question, false);
    result.set(kind, words.t(key));
    press.focus();
  }

  show(question, false);
  return { root: h("div", { class: "speaker", role: "group", "aria-label": words.t("speaker.name") }, press, h("div", { role: "status" }, question, result.root)) };
}
