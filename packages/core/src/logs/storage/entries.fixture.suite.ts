// For tests of this room: entries of every shape, made at random, and a form in which they can be compared.
import fc from "fast-check";
import type { FieldValue, LogBatch, LogEntry } from "../entry.ts";
import { FrameWriter } from "./frame.ts";
import { levelOf } from "../level.ts";

/** Noon of a day in 2026. */
export const noonMs = Date.UTC(2026, 2, 4, 12);
export const dayMs = 86_400_000;

const text = fc.string({ unit: "grapheme", maxLength: 30 });
const name = fc.oneof(
  fc.constantFrom("status", "route", "user.id", "ms", "ok", "__proto__", "constructor"),
  fc.stringMatching(/^[a-z]{1,6}$/),
);
const value: fc.Arbitrary<FieldValue> = fc.oneof(
  text,
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constantFrom("GET", "POST", 200, 404, 500),
);

export const anyEntry: fc.Arbitrary<LogEntry> = fc.record({
  labels: fc.dictionary(fc.constantFrom("service", "host", "level"), fc.constantFrom("api", "web", "error"), {
    maxKeys: 2,
  }),
  timeMs: fc.oneof(
    fc.integer({ min: noonMs - 1_000, max: noonMs + 1_000 }),
    fc.integer({ min: noonMs - 400 * dayMs, max: noonMs + dayMs }),
  ),
  subNs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 999_999 })),
  line: fc.oneof(text, fc.constantFrom("GET /a 200", "timed out", "error: timed out after 30 s", "")),
  fields: fc.array(fc.tuple(name, value), { maxLength: 5 }).map((pairs) => fieldsFrom(pairs)),
});

function fieldsFrom(pairs: readonly (readonly [string, FieldValue])[]): Record<string, FieldValue> {
  const fields = Object.create(null) as Record<string, FieldValue>;
  for (const [key, each] of pairs) fields[key] = each;
  return fields;
}

/** What an entry says, in a form that compares: order of fields and labels does not matter, texts are UTF-8. */
export function plain({ labels, timeMs, subNs, line, fields }: LogEntry): string {
  const sorted = (pairs: Readonly<Record<string, FieldValue>>): unknown[] =>
    Object.keys(pairs)
      .toSorted()
      .map((key) => [key, pairs[key]]);
  return JSON.stringify([sorted(labels), timeMs, subNs, line, sorted(fields)]).toWellFormed();
}

/** An entry with what is not said made up. */
export function entry(p: Partial<LogEntry> = {}): LogEntry {
  return { labels: { service: "api" }, timeMs: noonMs, subNs: 0, line: "a line", fields: {}, ...p };
}

export function batchOf(entries: readonly LogEntry[], p: Partial<Pick<LogBatch, "tenant" | "key">> = {}): LogBatch {
  const writer = new FrameWriter();
  for (const each of entries) writer.add({ ...each, level: levelOf(each) });
  const { rawBytes, days } = writer;
  return { tenant: "default", frame: writer.taken(), entries: entries.length, days, rawBytes, ...p };
}
