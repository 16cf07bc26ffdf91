// A link outlives a change of its meeting: while an invitation is looked at, the page asks what holds now.

const EVERY_MS = 60000;
// What of an appointment says nothing to who is invited.
const BESIDES = Object.freeze({ waiting: 0, participants: [] });

export class Recheck {
  /**
   * `shown()`: the invitation that is looked at, null where none is. `ask()`: resolves with the one that holds, or
   * rejects with Refused. Then `changed(invitation)` or `refused(code)`, unless another one is looked at by then.
   */
  constructor({ shown, ask, changed, refused }) {
    Object.assign(this, { shown, ask, changed, refused });
    this._asking = false;
    this._last = performance.now();
    document.addEventListener("visibilitychange", () => document.hidden || this.now());
    addEventListener("online", () => this.now());
  }

  /** A second went by. */
  tick() {
    if (performance.now() - this._last > EVERY_MS) this.now();
  }

  /** Ask, where it isn't being asked already. */
  async now() {
    const before = this.shown();
    if (before === null || this._asking) return;
    this._asking = true;
    this._last = performance.now();
    const { invitation, code } = await this.ask().then((answer) => ({ invitation: answer }), (refusal) => refusal);
    this._asking = false;
    if (this.shown() !== before) return;
    if (!invitation) this.refused(code);
    else if (told(invitation) !== told(before)) this.changed(invitation);
  }
}

function told({ appointment }) {
  return JSON.stringify({ ...appointment, ...BESIDES });
}
