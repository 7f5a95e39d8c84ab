import { describe, expect, test } from "bun:test";
import { encodeErrorValue, encodeValue } from "@sluice/protocol";
import type { JournalEntry } from "@sluice/protocol";
import type { LogLine, RunRecord } from "../../kernel/run-records.ts";
import { placeIn, placeText, runEntries } from "./run-entries.ts";
import type { RunPlace } from "./run-entries.ts";

const run = (p: Partial<RunRecord> = {}): RunRecord => ({
  id: "run_1",
  workflow: "order",
  version: "v1",
  input: encodeValue(null),
  priority: 0,
  tags: [],
  createdAt: 100,
  dueAt: 100,
  startedAt: 110,
  status: "running",
  epoch: 1,
  ord: 0,
  attempt: 1,
  generation: 0,
  crashes: 0,
  blocked: false,
  by: { kind: "user", id: "ada" },
  ...p,
});
const step = (ord: number, p: Partial<JournalEntry> = {}): JournalEntry => ({
  seq: ord - 1,
  kind: "step",
  name: "charge",
  n: 0,
  status: "completed",
  ord,
  attempt: 1,
  at: 120,
  end: 120 + ord,
  ...p,
});
const line = (no: number, p: Partial<LogLine> = {}): LogLine => ({
  line: no,
  level: "info",
  message: "hi",
  at: 121,
  ...p,
});
const told = (p: Partial<Parameters<typeof runEntries>[0]>) =>
  runEntries({ run: run(), journal: [], lines: [], more: false, place: undefined, sinceMs: 0, nowMs: 999, ...p });
const linesOf = (p: Partial<Parameters<typeof runEntries>[0]>): string[] => told(p).entries.map((each) => each.line);

describe("what is told of a run", () => {
  test("is everything at first, then what is new, and nothing twice", () => {
    const first = told({ journal: [step(1)], lines: [line(1)] });
    expect(first.entries.map((each) => [each.timeMs, each.line])).toEqual([
      [100, "run created"],
      [110, "run started"],
      [121, "step charge completed"],
      [121, "hi"],
    ]);
    expect(
      first.entries.every(({ fields, labels }) => fields["run"] === "run_1" && labels["workflow"] === "order"),
    ).toBe(true);
    const { place } = first;
    expect(place).toEqual({ ord: 1, line: 1, attempt: 1, stage: "started" });
    expect(linesOf({ place })).toEqual([]);
    const ended = run({ status: "completed", endedAt: 150 });
    const last = told({ run: ended, journal: [step(1), step(2, { name: "ship" })], place });
    expect(last.entries.map((each) => each.line)).toEqual(["step ship completed", "run completed"]);
    expect(last.entries[1]?.fields).toMatchObject({ status: "completed", ms: 50, level: "info" });
    expect(linesOf({ run: ended, place: last.place })).toEqual([]);
  });

  test("does not hold the end while there is more to read", () => {
    const ended = run({ status: "completed", endedAt: 150 });
    const { entries, place } = told({ run: ended, more: true, lines: [line(1)] });
    expect(entries.map((each) => each.line)).not.toContain("run completed");
    expect(linesOf({ run: ended, place })).toEqual(["run completed"]);
  });

  test("goes on after a retry, and tells the second end", () => {
    const place: RunPlace = { ord: 3, line: 2, attempt: 1, stage: "ended" };
    const retried = run({
      attempt: 2,
      status: "failed",
      endedAt: 300,
      error: encodeErrorValue({ name: "TypeError", message: "no" }),
    });
    const { entries } = told({ run: retried, place });
    expect(entries.map((each) => each.line)).toEqual(["run retried", "run failed"]);
    expect(entries[1]?.fields).toMatchObject({ attempt: 2, error: "no", errorName: "TypeError", level: "error" });
  });

  test("leaves out what is older than places are kept, where nothing is known of it", () => {
    expect(linesOf({ sinceMs: 115, journal: [step(1)] })).toEqual(["step charge completed"]);
    expect(linesOf({ sinceMs: 115, place: { ord: 0, line: 0, attempt: 1, stage: "created" } })).toEqual([
      "run started",
    ]);
  });

  test("names the step that wrote a line, and keeps its data beside our own fields", () => {
    const data = encodeValue({ tracking: "t-1", run: "mine", deep: { a: 1 } });
    const { entries } = told({
      place: { ord: 0, line: 0, attempt: 1, stage: "started" },
      lines: [line(1, { data, level: "warn", key: "1:step 4:2:0:ship it: now" })],
    });
    expect({ ...entries[0]?.fields }).toEqual({
      tracking: "t-1",
      "data.run": "mine",
      "deep.a": 1,
      level: "warn",
      run: "run_1",
      step: "ship it: now",
      seq: 4,
      attempt: 2,
    });
  });

  test("of an encrypted run says neither what it logged nor what failed", () => {
    const sealed = run({
      payloadKey: "k",
      status: "failed",
      endedAt: 9,
      error: encodeErrorValue({ name: "Error", message: "secret" }),
    });
    const { entries } = told({ run: sealed, lines: [line(1, { message: "", data: new Uint8Array([0xc1, 1, 2]) })] });
    expect(entries.map((each) => each.line)).toContain("(encrypted)");
    expect(JSON.stringify(entries)).not.toContain("secret");
  });
});

test("a place is the same once it was kept", () => {
  const place: RunPlace = { ord: 7, line: 3, attempt: 2, stage: "ended" };
  expect(placeIn(placeText(place))).toEqual(place);
});
