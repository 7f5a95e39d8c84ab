// Keeps values of secrets out of recordings, wherever output is cut into pieces.

const star = "*";
/** Shorter values would be found in everything. */
const charsMin = 6;

/** A stream of text with stars in the place of values. What may be the beginning of one waits for what comes next. */
export class MaskedStream {
  readonly #values: readonly string[];
  #held = "";

  constructor(values: readonly string[]) {
    this.#values = [...new Set(values)]
      .filter(({ length }) => length >= charsMin)
      .toSorted((a, b) => b.length - a.length);
  }

  /** Whether everything that was pushed has been given out. */
  get isEmpty(): boolean {
    return this.#held === "";
  }

  /** What may be written now. */
  push(text: string): string {
    let all = this.#held + text;
    for (const value of this.#values) all = all.replaceAll(value, star.repeat(value.length));
    const keep = this.#beginningAtEnd(all);
    this.#held = all.slice(all.length - keep);
    return all.slice(0, all.length - keep);
  }

  /** What still waits: nothing comes any more. */
  end(): string {
    const rest = this.#held;
    this.#held = "";
    return rest;
  }

  /** Characters at the end of a text that a value may begin with. */
  #beginningAtEnd(text: string): number {
    let longest = 0;
    for (const value of this.#values) {
      for (let length = Math.min(value.length - 1, text.length); length > longest; length--) {
        if (text.endsWith(value.slice(0, length))) longest = length;
      }
    }
    return longest;
  }
}

const secretName = /TOKEN|SECRET|PASSW(?:OR)?D|PASSPHRASE|CREDENTIAL|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY/i;

/** Values of an environment that are secrets by their names. */
export function secretsIn(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.entries(env).flatMap(([name, value]) => (value !== undefined && secretName.test(name) ? [value] : []));
}
