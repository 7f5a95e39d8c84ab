// What senders write, in the forms entries are made of: moments, and objects of any depth as flat fields.
import type { FieldValue } from "../entry.ts";

export interface Moment {
  readonly timeMs: number;
  readonly subNs: number;
}

const noMoment: Moment = { timeMs: Number.NaN, subNs: 0 };
/** Numbers below are seconds, then milliseconds, microseconds, nanoseconds since 1970: each unit reaches to the year 5138. */
const secondsMax = 1e11;
const millisMax = 1e14;
const microsMax = 1e17;
const depthMax = 20;

/** Nanoseconds since 1970 as a text of digits. */
export function momentOfNanos(text: string): Moment {
  if (!/^\d{1,19}$/.test(text)) return noMoment;
  const padded = text.padStart(7, "0");
  return { timeMs: Number(padded.slice(0, -6)), subNs: Number(padded.slice(-6)) };
}

/** A moment as somebody wrote it: ISO 8601, or a number whose size says its unit. `timeMs` is NaN for what is none. */
export function momentOf(value: unknown): Moment {
  if (typeof value === "string") {
    if (/^\d{17,19}$/.test(value)) return momentOfNanos(value);
    if (/^\d+(?:\.\d+)?$/.test(value)) return momentOf(Number(value));
    const timeMs = Date.parse(value);
    const digits = /\.\d{3}(\d{1,6})/.exec(value)?.[1];
    return { timeMs, subNs: digits === undefined ? 0 : Number(digits.padEnd(6, "0")) };
  }
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) return noMoment;
  if (value < secondsMax) return fromMillis(value * 1_000);
  if (value < millisMax) return fromMillis(value);
  return value < microsMax ? fromMillis(value / 1_000) : momentOfNanos(BigInt(Math.round(value)).toString());
}

function fromMillis(value: number): Moment {
  const timeMs = Math.floor(value);
  // Doubles hold microseconds of today, not nanoseconds.
  return { timeMs, subNs: Math.min(999, Math.round((value - timeMs) * 1_000)) * 1_000 };
}

/** Puts a value under a name; objects become `name.key`, lists their JSON; what is absent or null has no field. */
export function flattenInto(fields: Record<string, FieldValue>, name: string, value: unknown): void {
  if (value === null || value === undefined) return;
  if (typeof value === "string" || typeof value === "boolean") fields[name] = value;
  else if (typeof value === "number") fields[name] = value === 0 ? 0 : value;
  else if (typeof value === "object") flattenObject(fields, { name, value, depth: 0 });
}

function flattenObject(
  fields: Record<string, FieldValue>,
  { name, value, depth }: { readonly name: string; readonly value: object; readonly depth: number },
): void {
  if (Array.isArray(value) || depth >= depthMax) {
    fields[name] = JSON.stringify(value);
    return;
  }
  for (const [key, each] of Object.entries(value) as [string, unknown][]) {
    const full = name === "" ? key : `${name}.${key}`;
    if (typeof each === "object" && each !== null) flattenObject(fields, { name: full, value: each, depth: depth + 1 });
    else flattenInto(fields, full, each);
  }
}

/** Fields without a prototype: one may have any name. */
export function emptyFields(): Record<string, FieldValue> {
  return Object.create(null) as Record<string, FieldValue>;
}
