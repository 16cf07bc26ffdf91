// When a feed has stopped coming: told from what arrives, never from what a connection says of itself.

const STALL_MS = 3000;
const FIRST_MS = 6000;
const WORST_LOSS = 0.05;
const STEADY_MS = 3000;

/** Watches one feed. `now` is an argument: nothing here knows a clock. */
export class Stall {
  constructor(now) {
    this._since = { frames: now, packets: now };
    this._seen = { frames: 0, packets: 0 };
    this._patience = { frames: FIRST_MS, packets: FIRST_MS };
    this._last = null;
    this.loss = 0;
    this.poor = false;
    this._otherwise = null;
  }

  /**
   * Whether what should come has not come for too long. `figures`: totals `{frames, packets, received, lost}`.
   * `due`: `{frames, packets}`, what should be coming at all: a camera that is off stalls nothing.
   */
  stalled(figures, due, now) {
    this._lossOf(figures, now);
    return ["frames", "packets"].some((kind) => this._overdue(kind, figures[kind], due[kind], now));
  }

  _overdue(kind, total, due, now) {
    if (!due || total !== this._seen[kind]) {
      if (total !== this._seen[kind]) this._patience[kind] = STALL_MS;
      this._seen[kind] = total;
      this._since[kind] = now;
    }
    return due && now - this._since[kind] > this._patience[kind];
  }

  _lossOf({ received, lost }, now) {
    const last = this._last ?? { received, lost };
    const gone = Math.max(0, lost - last.lost);
    const came = received - last.received;
    if (came + gone > 0) this.loss = gone / (came + gone);
    this._last = { received, lost };
    this._judge(now);
  }

  // A bad second is no bad line, and a good one no good line: a sentence that comes and goes helps nobody.
  _judge(now) {
    if ((this.loss > WORST_LOSS) === this.poor) this._otherwise = null;
    else this._otherwise ??= now;
    if (this._otherwise === null || now - this._otherwise < STEADY_MS) return;
    this.poor = !this.poor;
    this._otherwise = null;
  }
}
