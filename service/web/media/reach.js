// Whether sound and picture get through at all: told from whether any connection of ours comes about.

const BLOCKED_MS = 12000;

/** Watches all connections of a meeting. `now` is an argument: nothing here knows a clock. */
export class Reach {
  constructor() {
    this._since = null;
  }

  /** Whether none has stood for too long. `states`: of the connections that both sides have described. */
  blocked(states, now) {
    if (states.includes("connected")) this._since = null;
    else if (states.length > 0) this._since ??= now;
    return this._since !== null && now - this._since > BLOCKED_MS;
  }
}
