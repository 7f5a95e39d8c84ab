// Checks of what clients send, by hand: the schemas of the API document say the same, but loading them costs memory.
import { parseDuration, SluiceError } from "@sluice/protocol";
import type { ErrorCode } from "@sluice/protocol";

export type Body = Readonly<Record<string, unknown>>;

/** Throws a refusal that says what to do instead. */
export function refuse(code: ErrorCode, message: string, hint: string): never {
  throw new SluiceError({ code, message, hint });
}

/** The body as an object with none but these fields: a misspelt one must not be ignored. */
export function fieldsOf(body: unknown, allowed: readonly string[]): Body {
  if (typeof body !== "object" || body === null || Array.isArray(body) || body instanceof Uint8Array) {
    refuse("bad_request", "The body is not an object.", `Send an object with ${listed(allowed)}.`);
  }
  for (const key of Object.keys(body)) {
    if (!allowed.includes(key)) {
      refuse("bad_request", `There is no field ${quoted(key)} here.`, `Known are ${listed(allowed)}.`);
    }
  }
  return body as Body;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? "no fields" : names.join(", ");
}

/** Text for a message: what came from outside is shortened and never breaks out of its quotes. */
export function quoted(value: unknown): string {
  if (typeof value !== "string") return typeof value;
  const shown = value.length > 60 ? `${value.slice(0, 60)}…` : value;
  return JSON.stringify(shown);
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

// A NUL ends a string in too many places outside, and half a surrogate pair has no UTF-8: neither can name a thing.
// eslint-disable-next-line no-control-regex -- that is the point
const unstorable = /\u0000/;

export function isStorable(text: string): boolean {
  return text.isWellFormed() && !unstorable.test(text);
}

/** The parameters of a query or a form. Bytes in it that are not UTF-8 are refused: they would be read as something else. */
export function parametersOf(text: string, code: ErrorCode): URLSearchParams {
  if (text.includes("%")) {
    try {
      decodeURIComponent(text);
    } catch {
      refuse(code, "The parameters are not percent-encoded UTF-8.", "Encode each value with encodeURIComponent.");
    }
  }
  return new URLSearchParams(text);
}

/** Text that must be there, of 1 to `charsMax` characters. */
export function textOf(body: Body, key: string, charsMax: number): string {
  const value = body[key];
  if (typeof value !== "string" || value.length === 0 || value.length > charsMax || !isStorable(value)) {
    refuse(
      "bad_request",
      `${key} is ${describe(value)}.`,
      `Send text of 1 to ${charsMax} characters without NUL or broken surrogates.`,
    );
  }
  return value;
}

export function optionalTextOf(body: Body, key: string, charsMax: number): string | undefined {
  return isAbsent(body[key]) ? undefined : textOf(body, key, charsMax);
}

function describe(value: unknown): string {
  if (isAbsent(value)) return "missing";
  if (Array.isArray(value)) return "a list";
  if (typeof value !== "string") return `a value of type ${typeof value}`;
  return value.length === 0 ? "empty" : isStorable(value) ? "too long" : "not storable";
}

export function booleanOf(body: Body, key: string): boolean {
  const value = body[key];
  if (typeof value !== "boolean") refuse("bad_request", `${key} is ${describe(value)}.`, "Send true or false.");
  return value;
}

export function optionalBooleanOf(body: Body, key: string): boolean | undefined {
  return isAbsent(body[key]) ? undefined : booleanOf(body, key);
}

/** A whole number that a double holds exactly. */
export function optionalIntegerOf(body: Body, key: string): number | undefined {
  const value = body[key];
  if (isAbsent(value)) return undefined;
  if (!Number.isSafeInteger(value)) refuse("bad_request", `${key} is ${describe(value)}.`, "Send a whole number.");
  return value as number;
}

/** Milliseconds since 1970, given as such or as an ISO 8601 time. */
export function optionalTimeOf(body: Body, key: string): number | undefined {
  const value = body[key];
  if (typeof value !== "string") return optionalIntegerOf(body, key);
  return (
    timeIn(value) ??
    refuse(
      "bad_request",
      `${key} is ${quoted(value)}.`,
      "Send milliseconds since 1970, or a time such as 2026-01-31T08:00:00Z.",
    )
  );
}

/** The time that a text means: milliseconds since 1970, or ISO 8601. */
export function timeIn(text: string): number | undefined {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(value) ? undefined : value;
}

/** A duration in milliseconds. Throws `invalid_duration`. */
export function optionalDurationOf(body: Body, key: string): number | undefined {
  const value = body[key];
  if (isAbsent(value)) return undefined;
  if (typeof value !== "number" && typeof value !== "string") {
    refuse(
      "invalid_duration",
      `${key} is ${describe(value)}.`,
      'Send milliseconds, or words such as "10s" or "3 days".',
    );
  }
  return parseDuration(value);
}

/** One of a closed set. */
export function optionalOneOf<T extends string>(body: Body, key: string, set: readonly T[]): T | undefined {
  const value = body[key];
  if (isAbsent(value)) return undefined;
  const found = set.find((each) => each === value);
  if (found === undefined) refuse("bad_request", `${key} is ${quoted(value)}.`, `Send one of ${set.join(", ")}.`);
  return found;
}

export function optionalTextsOf(
  body: Body,
  key: string,
  max: { readonly items: number; readonly chars: number },
): readonly string[] | undefined {
  const value = body[key];
  if (isAbsent(value)) return undefined;
  const right = (item: unknown): boolean =>
    typeof item === "string" && item.length > 0 && item.length <= max.chars && isStorable(item);
  if (!Array.isArray(value) || value.length > max.items || !value.every(right)) {
    refuse(
      "bad_request",
      `${key} is not a list of texts.`,
      `Send at most ${max.items} texts of 1 to ${max.chars} characters.`,
    );
  }
  return value as readonly string[];
}
