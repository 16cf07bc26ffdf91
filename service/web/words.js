// The words of the page: chosen once, by the browser's languages, else by the invitation's, else Finnish.

export const LANGUAGES = Object.freeze(["en", "fi", "sv"]);
export const DEFAULT = "fi";
const PAUSES_MS = Object.freeze([500, 1500]);

/** The first of the person's languages that we speak; `fallback` where we speak none of them. */
export function choose(wanted, fallback = DEFAULT) {
  const known = wanted.map((tag) => tag.toLowerCase().split("-")[0]).find((tag) => LANGUAGES.includes(tag));
  return known ?? fallback;
}

/** The words of one language. `{name}` in them is replaced; `key.one` and `key.other` go by number. */
export class Words {
  constructor(language, table) {
    this.language = language;
    this._table = table;
    this._plural = new Intl.PluralRules(language);
  }

  /** The words of `key`. An unknown key is a fault of ours. */
  t(key, values = {}) {
    const text = this._table[key];
    if (text === undefined) throw new Error(`no words for ${key}`);
    return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
  }

  /** The words of `key` for `count` things. */
  count(key, count, values = {}) {
    return this.t(`${key}.${this._plural.select(count) === "one" ? "one" : "other"}`, { count, ...values });
  }

  /** The words of `key` where there are some, else those of `other`. */
  either(key, other, values = {}) {
    return this.t(key in this._table ? key : other, values);
  }
}

/** The words of a language, asked for up to three times: without them the page can say nothing. */
export async function load(language, pauses = PAUSES_MS) {
  try {
    return await fetched(language);
  } catch (error) {
    if (pauses.length === 0) throw error;
    await new Promise((resolve) => setTimeout(resolve, pauses[0]));
    return load(language, pauses.slice(1));
  }
}

// They stand beside this module.
async function fetched(language) {
  const answer = await fetch(new URL(`words/${language}.json`, import.meta.url));
  if (!answer.ok) throw new Error(`words: ${answer.status}`);
  return new Words(language, await answer.json());
}
