// Reads query parameters: every name is known, every value is checked.
import { parseDuration, splitConditions } from "@sluice/protocol";
import { isStorable, parametersOf, quoted, refuse, timeIn } from "./fields.ts";

const textCharsMax = 512;
const conditionsMax = 32;

/** The parameters of one request. Asking for one marks it as known; `done` refuses what nobody asked for. */
export class Query {
  readonly #parameters: URLSearchParams;
  readonly #known = new Set<string>();

  constructor(text: string) {
    this.#parameters = parametersOf(text, "invalid_filter");
  }

  text(name: string): string | undefined {
    this.#known.add(name);
    const values = this.#parameters.getAll(name);
    const [value] = values;
    if (value === undefined || value === "") return undefined;
    if (values.length > 1) refuse("invalid_filter", `${name} is given twice.`, "Give it once.");
    if (value.length > textCharsMax || !isStorable(value)) {
      refuse("invalid_filter", `${name} cannot be read.`, `At most ${textCharsMax} characters of UTF-8 without NUL.`);
    }
    return value;
  }

  /** A whole number from `min` to `max`. */
  integer(name: string, { min, max }: { readonly min: number; readonly max: number }): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      refuse("invalid_filter", `${name} is ${quoted(text)}.`, `Give a whole number from ${min} to ${max}.`);
    }
    return value;
  }

  /** Milliseconds since 1970, given as such or as an ISO 8601 time. */
  time(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = timeIn(text);
    if (value === undefined) {
      refuse(
        "invalid_filter",
        `${name} is ${quoted(text)}.`,
        "Give milliseconds since 1970, or a time such as 2026-01-31T08:00:00Z.",
      );
    }
    return value;
  }

  /** A duration in milliseconds, cut to `maxMs`. Throws `invalid_duration`. */
  duration(name: string, maxMs: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    return Math.min(maxMs, parseDuration(/^\d{1,15}$/.test(text) ? Number(text) : text));
  }

  boolean(name: string): boolean | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (text !== "true" && text !== "false")
      refuse("invalid_filter", `${name} is ${quoted(text)}.`, "Give true or false.");
    return text === "true";
  }

  /**
   * Conditions on attributes: `attr=total>=100,customer=acme`, or each as a parameter, `attr.total>=100`, whose value needs no
   * quotes.
   */
  conditions(name: string): readonly string[] {
    const listed = this.#parameters.getAll(name).flatMap(splitConditions);
    this.#known.add(name);
    const single: string[] = [];
    for (const [key, value] of this.#parameters) {
      if (!key.startsWith(`${name}.`)) continue;
      this.#known.add(key);
      const text = key.slice(name.length + 1);
      single.push(value === "" && /[<>~].|=./.test(text) ? text : `${text}=${value}`);
    }
    const all = [...listed, ...single];
    if (all.length > conditionsMax || all.some((text) => text.length > textCharsMax || !isStorable(text)))
      refuse(
        "invalid_filter",
        `${name} cannot be read.`,
        `At most ${conditionsMax} conditions of ${textCharsMax} characters.`,
      );
    return all;
  }

  /** Members of a closed set, separated by commas or given several times. */
  listOf<T extends string>(name: string, set: readonly T[]): readonly T[] | undefined {
    this.#known.add(name);
    const texts = this.#parameters
      .getAll(name)
      .flatMap((text) => text.split(","))
      .filter((text) => text !== "");
    if (texts.length === 0) return undefined;
    return texts.slice(0, set.length + 1).map((text) => {
      const found = set.find((each) => each === text);
      return found ?? refuse("invalid_filter", `${name} is ${quoted(text)}.`, `Known are ${set.join(", ")}.`);
    });
  }

  /** Refuses parameters that were not asked for: a misspelt filter must not be ignored. */
  done(): void {
    for (const name of this.#parameters.keys()) {
      if (this.#known.has(name)) continue;
      const known = this.#known.size === 0 ? "none" : [...this.#known].join(", ");
      refuse("invalid_filter", `There is no parameter ${quoted(name)} here.`, `Known: ${known}.`);
    }
  }
}
