// When a feed has stopped coming: told from what arrives, never from what a connection says of itself.

const STALL_MS = 3000;
const FIRST_MS = 6000;
const WORST_LOSS = 0.05;

/** Watches one feed. `now` is an argument: nothing here knows a clock. */
export class Stall {
  constructor(now) {
    this._since = { frames: now, packets: now };
    this._seen = { frames: 0, packets: 0 };
    this._patience = { frames: FIRST_MS, packets: FIRST_MS };
    this._last = null;
    this.loss = 0;
  }

  /**
   * Whether what should come has not come for too long. `figures`: totals `{frames, packets, lost}`.
   * `due`: `{frames, packets}`, what should be coming at all: a camera that is off stalls nothing.
   */
  stalled(figures, due, now) {
    this._lossOf(figures);
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

  _lossOf(figures) {
    const last = this._last ?? figures;
    const lost = figures.lost - last.lost;
    const came = figures.packets - last.packets;
    if (came + lost > 0) this.loss = Math.max(0, lost) / (came + lost);
    this._last = { ...figures };
  }

  get poor() {
    return this.loss > WORST_LOSS;
  }
}
