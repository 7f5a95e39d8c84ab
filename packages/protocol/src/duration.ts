// Durations as people write them ("1h 30m", "3 days"), so that every setting, SDK option and
// command reads time in one way.
import { SluiceError } from "./errors.ts";

/** A length of time: a number of milliseconds, or words such as "250ms", "1h 30m", "3 days". */
export type Duration = number | string;

/** The longest duration that is accepted, in milliseconds: 100 years of 365 days. */
export const durationMsMax = 100 * 365 * 24 * 3_600_000;

/** The longest text that is read as a duration, in characters. */
export const durationTextCharsMax = 100;

/** How much of a refused input is repeated in the error message, in characters. */
const quotedCharsMax = 40;

const examples = 'write milliseconds as a number, or words such as "250ms", "10s", "1h 30m", "3 days"';

/** A value that is not a duration. `message` names the value, `hint` says what to write instead. */
export class InvalidDurationError extends SluiceError {
  declare readonly code: "invalid_duration";
  declare readonly hint: string;

  constructor(message: string, hint: string) {
    super({ code: "invalid_duration", message, hint });
    this.name = "InvalidDurationError";
  }
}

interface Unit {
  readonly ms: number;
  readonly names: readonly string[];
}

/** Largest first: a duration names its units in this order, each at most once. */
const units: readonly Unit[] = [
  { ms: 7 * 86_400_000, names: ["w", "wk", "wks", "week", "weeks"] },
  { ms: 86_400_000, names: ["d", "day", "days"] },
  { ms: 3_600_000, names: ["h", "hr", "hrs", "hour", "hours"] },
  { ms: 60_000, names: ["m", "min", "mins", "minute", "minutes"] },
  { ms: 1000, names: ["s", "sec", "secs", "second", "seconds"] },
  { ms: 1, names: ["ms", "msec", "msecs", "millisecond", "milliseconds"] },
];

const calendarUnits: ReadonlyMap<string, string> = new Map([
  ...["mo", "mon", "month", "months"].map((name) => [name, "30 days"] as const),
  ...["y", "yr", "yrs", "year", "years"].map((name) => [name, "365 days"] as const),
]);

/**
 * Reads a duration.
 *
 * Accepts a number (milliseconds) or text: one or more `<number><unit>` parts, a space allowed
 * between number, unit and parts, any letter case, largest unit first and each unit once. Units:
 * ms, s, m, h, d, w and their English words. Months and years are refused, since their length
 * depends on the calendar; so is a number in text without a unit.
 *
 * @returns whole milliseconds (rounded), from 0 to {@link durationMsMax}.
 * @throws InvalidDurationError for everything else.
 */
export function parseDuration(value: Duration): number {
  const ms = typeof value === "string" ? parseText(value) : value;
  if (typeof ms !== "number" || !Number.isFinite(ms)) {
    throw new InvalidDurationError(`${quote(value)} is not a duration`, examples);
  }
  if (ms < 0) {
    throw new InvalidDurationError(`${quote(value)} is not a duration: it is negative`, examples);
  }
  if (ms > durationMsMax) {
    throw new InvalidDurationError(
      `${quote(value)} is longer than the longest duration`,
      `at most ${formatDuration(durationMsMax)} (durationMsMax, 100 years)`,
    );
  }
  return Math.round(ms);
}

/**
 * A duration in short human text that {@link parseDuration} reads back: "250ms", "1.5s", "2m 5s",
 * "3d 4h". At most two units, the rest cut off (never rounded up). A negative duration gets a
 * leading minus sign, which parseDuration refuses.
 *
 * @throws InvalidDurationError when `ms` is NaN or infinite.
 */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) {
    throw new InvalidDurationError(`${quote(ms)} is not a duration`, examples);
  }
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < 1000) return `${Math.floor(ms)}ms`;
  if (ms < 60_000) return `${Math.floor(ms / 10) / 100}s`;
  const [largeMs, largeName, smallMs, smallName] =
    ms < 3_600_000
      ? ([60_000, "m", 1000, "s"] as const)
      : ms < 86_400_000
        ? ([3_600_000, "h", 60_000, "m"] as const)
        : ([86_400_000, "d", 3_600_000, "h"] as const);
  const large = Math.floor(ms / largeMs);
  const small = Math.floor((ms - large * largeMs) / smallMs);
  return small === 0 ? `${large}${largeName}` : `${large}${largeName} ${small}${smallName}`;
}

function parseText(text: string): number {
  if (text.length > durationTextCharsMax) {
    throw new InvalidDurationError(
      `${quote(text)} is not a duration: ${text.length} characters`,
      `at most ${durationTextCharsMax} characters (durationTextCharsMax)`,
    );
  }
  let totalMs = 0;
  let previousUnit = -1;
  let rest = text.trim().toLowerCase();
  if (rest === "") throw new InvalidDurationError(`${quote(text)} is not a duration`, examples);
  while (rest !== "") {
    const part = /^(\d+(?:\.\d+)?|\.\d+)\s*([a-z]*)\s*/.exec(rest);
    if (part === null) throw new InvalidDurationError(`${quote(text)} is not a duration`, examples);
    const [whole, amount = "", name = ""] = part;
    const unit = units.findIndex((candidate) => candidate.names.includes(name));
    if (unit === -1) throw unknownUnit(text, name, amount);
    if (unit <= previousUnit) {
      throw new InvalidDurationError(
        `${quote(text)} is not a duration: its units are not in order`,
        'name each unit once and the largest first, such as "1h 30m"',
      );
    }
    previousUnit = unit;
    totalMs += Number(amount) * (units[unit]?.ms ?? Number.NaN);
    rest = rest.slice(whole.length);
  }
  return totalMs;
}

function unknownUnit(text: string, name: string, amount: string): InvalidDurationError {
  if (name === "") {
    return new InvalidDurationError(
      `${quote(text)} is not a duration: ${amount} has no unit`,
      `add a unit, such as "${amount}ms" or "${amount}s"`,
    );
  }
  const replacement = calendarUnits.get(name);
  return replacement === undefined
    ? new InvalidDurationError(`${quote(text)} is not a duration: unknown unit "${name}"`, examples)
    : new InvalidDurationError(
        `${quote(text)} is not a duration: the length of "${name}" depends on the calendar`,
        `say how many days you mean, such as "${replacement}"`,
      );
}

function quote(value: unknown): string {
  if (typeof value !== "string") return typeof value === "number" ? String(value) : typeof value;
  const shown = value.length > quotedCharsMax ? `${value.slice(0, quotedCharsMax)}…` : value;
  return JSON.stringify(shown);
}
