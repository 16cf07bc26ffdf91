// The service's two addresses for an invited person. Refusals are codes, never sentences.

const PATIENCE_MS = 10000;

/** Why the service, or the way to it, said no. `code` is one of MeetingRefusal, "unreachable" or "lost". */
export class Refused extends Error {
  constructor(code, triesLeft = 0) {
    super(code);
    this.code = code;
    this.triesLeft = triesLeft;
  }
}

export class Service {
  constructor(base) {
    this.base = base;
    this._ahead = 0;
  }

  /** The service's clock, in milliseconds since the epoch: this computer's may be wrong. */
  now() {
    return Date.now() + this._ahead;
  }

  /** Give the link's secret for a place: a cookie that no script can read. Answers the invitation. */
  async open(secret) {
    const body = { secret, client: "browser", device_name: deviceName(navigator.userAgent) };
    return (await this._ask("/invitations", { method: "POST", body: JSON.stringify(body) })).invitation;
  }

  /** The invitation of the place this browser has. */
  async invitation() {
    return this._ask("/invitation", {});
  }

  /** Where a meeting's WebSocket is. */
  socket(appointment) {
    const address = new URL(`${this.base}/meetings/${encodeURIComponent(appointment)}/socket`, location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    return address.href;
  }

  async _ask(path, options) {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
    let answer;
    try {
      answer = await fetch(this.base + path, {
        ...options,
        headers: options.body ? { "Content-Type": "application/json" } : {},
        cache: "no-store",
        signal: patience.signal,
      });
    } catch {
      throw new Refused("unreachable");
    } finally {
      clearTimeout(timer);
    }
    const date = Date.parse(answer.headers.get("Date") ?? "");
    if (!Number.isNaN(date)) this._ahead = date - Date.now();
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Refused(typeof said.code === "string" ? said.code : "server-error");
    return said;
  }
}

/** "Firefox, Windows": what the host is told about the device, and no more. */
export function deviceName(agent) {
  const system = [[/iPhone|iPad/, "iOS"], [/Android/, "Android"], [/Windows/, "Windows"], [/Mac OS X/, "macOS"], [/Linux/, "Linux"]];
  const named = system.find(([pattern]) => pattern.test(agent));
  const browser = { edge: "Edge", firefox: "Firefox", safari: "Safari", ios: "Safari", chrome: "Chrome" }[browserOf(agent)];
  return [browser, named?.[1]].filter(Boolean).join(", ");
}

/** Which browser's help is shown: edge, firefox, safari, ios, chrome or other. */
export function browserOf(agent) {
  if (/iPhone|iPad|iPod/.test(agent)) return "ios";
  if (/Edg(e|A|iOS)?\//.test(agent)) return "edge";
  if (/Firefox\//.test(agent)) return "firefox";
  if (/Chrome\/|Chromium\//.test(agent)) return "chrome";
  return /Safari\//.test(agent) ? "safari" : "other";
}
