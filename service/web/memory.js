// What this tab remembers over a reload, and forgets when it is closed. Nothing is kept anywhere else.

const LINK = "softphone.link";
const PLACE = "softphone.place";
const CHOICES = "softphone.choices";

/** Take the link's secret out of the address bar and of the browser's history; "" where there is none. */
export function takeSecret(address = location, past = history) {
  const found = /^#([A-Za-z0-9_-]{22,128})$/.exec(address.hash);
  if (address.hash !== "") past.replaceState(null, "", address.pathname);
  if (found) sessionStorage.setItem(LINK, found[1]);
  return sessionStorage.getItem(LINK) ?? "";
}

/** The link was opened, or is good for nothing. */
export function forgetSecret() {
  sessionStorage.removeItem(LINK);
}

/** `{appointment, token}` of the place this tab has in a meeting, or null. */
export function place() {
  return read(PLACE);
}

export function keepPlace(appointment, token) {
  sessionStorage.setItem(PLACE, JSON.stringify({ appointment, token }));
}

export function forgetPlace() {
  sessionStorage.removeItem(PLACE);
}

/** What was chosen on the test page: devices, and what is on. */
export function choices() {
  return read(CHOICES) ?? {};
}

export function keepChoices(chosen) {
  sessionStorage.setItem(CHOICES, JSON.stringify(chosen));
}

function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}
