// What is said to those who don't see the screen: what changed, once.

import { others, PRESENT } from "./state.js";

const TELLING = Object.freeze(["chat-added", "welcome", "snapshot"]);

/** Sentences, none or some. */
export function news(before, after, event, words) {
  if (before.meeting && after.meeting) {
    return [...link(before, after, words), ...came(before, after, words), ...said(before, after, event, words), ...place(before, after, words)];
  }
  return link(before, after, words);
}

function link(before, after, words) {
  if (before.link === after.link) return [];
  if (after.link === "lost") return [words.t("link.lost")];
  return before.link === "lost" && after.link === "open" ? [words.t("link.back")] : [];
}

function came(before, after, words) {
  if (!PRESENT.includes(after.meeting.you.state) || !PRESENT.includes(before.meeting.you.state)) return [];
  const [then, now] = [others(before), others(after)];
  const missing = (list, person) => !list.some((one) => one.session === person.session);
  return [
    ...now.filter((person) => missing(then, person)).map((person) => words.t("news.came", { name: person.name })),
    ...then.filter((person) => missing(now, person)).map((person) => words.t("news.gone", { name: person.name })),
  ];
}

// One line as it comes, or those a new picture holds of the time without a connection.
function said(before, after, event, words) {
  if (!TELLING.includes(event.type)) return [];
  const known = new Set(before.meeting.chat.map((line) => line.id));
  return after.meeting.chat.filter((line) => !known.has(line.id) && line.session !== after.meeting.you.session)
    .map(({ name, text }) => words.t("news.said", { name, text }));
}

function place(before, after, words) {
  if (before.meeting.place === after.meeting.place || after.meeting.place === 0) return [];
  return [queue(after.meeting.place, words)];
}

/** "You are next", or how many are before. */
export function queue(number, words) {
  return number <= 1 ? words.t("lobby.next") : words.count("lobby.before", number - 1);
}
