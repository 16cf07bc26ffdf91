// Everything the page knows, and how it changes: no elements, no network, no clock.

export const PRESENT = Object.freeze(["admitted", "connected", "reconnecting"]);
const WAITING = Object.freeze(["waiting", "waiting-for-others"]);
const OVER = Object.freeze(["left", "declined", "removed"]);

const NO_DRAFT = Object.freeze({ text: "", lobby: false });

/**
 * `step`: where a person without a place in the meeting stands: start, sealed (a link nobody opened yet),
 * opening, invitation, test, resuming. `end`: why it is over: a refusal's code, left, declined, removed, ended,
 * taken-over. `link`: none, connecting, open, lost. `meeting`: the service's picture, once there is one.
 * `draft`: the message that is being written, and whether it was begun to the host alone.
 */
export const START = Object.freeze({
  step: "start",
  invitation: null,
  early: false,
  joining: false,
  leaving: false,
  refusal: "",
  link: "none",
  meeting: null,
  putBack: false,
  end: "",
  reason: "",
  chatOpen: false,
  unread: 0,
  draft: NO_DRAFT,
});

/** Which screen this is: start, sealed, invitation, test, lobby, meeting or goodbye. */
export function screenOf(state) {
  if (state.end) return "goodbye";
  const place = state.meeting?.you.state;
  if (PRESENT.includes(place)) return "meeting";
  if (WAITING.includes(place)) return "lobby";
  return { opening: "sealed", resuming: "start" }[state.step] ?? state.step;
}

/** The state after an event: the page's own, or one of the service's. What nobody knows changes nothing. */
export function reduce(state, event) {
  const change = CHANGES[event.type];
  return change ? { ...state, ...change(state, event) } : state;
}

/** The people in the meeting beside this one, the host first. */
export function others(state) {
  const { people, you } = state.meeting;
  const inside = people.filter((person) => person.session !== you.session && PRESENT.includes(person.state));
  return inside.sort((one, other) => Number(other.seat === "host") - Number(one.seat === "host"));
}

/** What is said in the lobby, or in the meeting. */
export function lines(state, lobby) {
  return state.meeting.chat.filter((line) => line.lobby === lobby);
}

const CHANGES = {
  "secret-found": () => ({ step: "sealed" }),
  opening: () => ({ step: "opening", refusal: "" }),
  opened: (_, { invitation }) => ({ step: "invitation", invitation, refusal: "", end: "" }),
  "not-opened": (_, { code }) => ({ step: "sealed", refusal: code }),
  "to-test": (_, { early }) => ({ step: "test", early, end: "", reason: "", meeting: null, joining: false, leaving: false, refusal: "" }),
  "to-invitation": (_, { refusal = "" }) => ({ step: "invitation", meeting: null, joining: false, link: "none", refusal }),
  "opened-now": () => ({ early: false }),
  joining: () => ({ joining: true, refusal: "" }),
  "not-joined": (_, { code }) => ({ joining: false, refusal: code }),
  leaving: () => ({ leaving: true }),
  resuming: () => ({ step: "resuming" }),
  link: (_, { value }) => ({ link: value }),
  over: (_, { code, reason = "" }) => ({ end: code, reason, joining: false, link: "none", draft: NO_DRAFT }),
  drafted: (state, { text, lobby }) => ({ draft: { text, lobby: text !== "" && (lobby || state.draft.lobby) } }),
  "chat-opened": () => ({ chatOpen: true, unread: 0 }),
  "chat-closed": () => ({ chatOpen: false }),

  welcome: (state, { picture }) => arrived(state, picture),
  snapshot: (state, { picture }) => arrived(state, picture),
  "you-changed": (state, { you, place, reason }) => moved(state, { ...state.meeting, you, place, reason }),
  "person-changed": (state, { person }) => ({ meeting: { ...state.meeting, people: put(state.meeting.people, person, "session") } }),
  "person-gone": (state, { session }) => ({
    meeting: { ...state.meeting, people: state.meeting.people.filter((person) => person.session !== session) },
  }),
  "chat-added": (state, { line }) => ({
    meeting: { ...state.meeting, chat: put(state.meeting.chat, line, "id") },
    unread: state.unread + Number(isNews(state, line)),
  }),
  "feed-added": (state, { feed }) => ({ meeting: { ...state.meeting, feeds: put(state.meeting.feeds, feed, "id") } }),
  "feed-removed": (state, { feed }) => ({
    meeting: { ...state.meeting, feeds: state.meeting.feeds.filter((one) => one.id !== feed) },
  }),
  "taken-over": () => ({ end: "taken-over", link: "none" }),
  ended: (_, { reason }) => ({ end: "ended", reason, link: "none" }),
};

function arrived(state, picture) {
  const step = state.step === "resuming" ? "test" : state.step;
  return { ...moved({ ...state, step }, picture), unread: state.unread + missed(state, picture) };
}

// What was written while nobody could be told; the first picture's lines are no news.
function missed(state, { chat, you }) {
  return state.meeting ? chat.filter((line) => isNews(state, line) && line.session !== you.session).length : 0;
}

// The place may have become another one while nobody looked.
function moved(state, meeting) {
  const now = meeting.you.state;
  const before = state.meeting?.you.state;
  return {
    step: state.step === "invitation" ? "test" : state.step,
    meeting,
    joining: state.joining && !PRESENT.includes(now) && !WAITING.includes(now),
    putBack: now === "waiting" && (PRESENT.includes(before) || (state.putBack && before === "waiting")),
    // Who left without a press of their own was in a meeting that has ended: the service says so next.
    end: now === "left" && !state.leaving ? "ended" : OVER.includes(now) ? now : "",
    reason: meeting.reason ?? "",
  };
}

function put(list, one, key) {
  const at = list.findIndex((other) => other[key] === one[key]);
  return at < 0 ? [...list, one] : list.map((other, place) => (place === at ? one : other));
}

function isNews(state, line) {
  return !state.chatOpen && !line.lobby && line.session !== state.meeting.you.session
    && !state.meeting.chat.some((other) => other.id === line.id);
}
