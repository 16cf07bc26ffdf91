// What is said of devices that went away, for as long as it is true and of use.

const STAYS_MS = 15000;

export class Notice {
  /** `changed()`: other words, or none. `later(what)`: what is to be done when a passing sentence was read. */
  constructor(changed, later = (what) => setTimeout(what, STAYS_MS)) {
    this._changed = changed;
    this._later = later;
    this._said = new Map();
  }

  /** All sentences that hold now, or "". */
  get text() {
    return [...this._said.values()].map((one) => one.text).join(" ");
  }

  /** A device of a kind went away. `passing`: another one does its work, so the sentence need not stay. */
  tell(kind, text, passing) {
    const said = { text, passing };
    this._said.set(kind, said);
    if (passing) this._later(() => this._said.get(kind) === said && this.clear(kind));
    this._changed();
  }

  /** There is a device of that kind again: "nobody hears you" is true no more. */
  works(kind) {
    if (this._said.get(kind)?.passing === false) this.clear(kind);
  }

  /** Nothing more about a kind; without one, about any. */
  clear(kind = "") {
    const there = kind ? this._said.delete(kind) : this._said.size > 0;
    if (!kind) this._said.clear();
    if (there) this._changed();
  }
}
