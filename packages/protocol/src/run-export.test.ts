import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { exportEntry, exportValue, importEntry, importValue, parseRunExport } from "./run-export.ts";
import { assertSameValue } from "./same-value.suite.ts";
import { decodeValue, encodeValue } from "./value.ts";

const file = {
  format: "sluice-run",
  formatVersion: 1,
  run: {
    id: "r",
    workflow: "w",
    version: "v",
    status: "completed",
    input: { json: 1 },
    createdAt: 1,
    endedAt: 2,
    tags: [],
    priority: 0,
    attempt: 1,
    generation: 0,
  },
  journal: [{ seq: 0, kind: "step", name: "s", n: 0, status: "completed", ord: 1, attempt: 1, at: 1, end: 2 }],
  logs: [{ level: "info", message: "m", at: 1 }],
};

/** A whole number that no `Date` can have: whoever shows it fails. */
const noTime = 9_000_000_000_000_000;

/** Through the text of a file and back. */
const through = (value: unknown): unknown =>
  decodeValue(importValue(JSON.parse(JSON.stringify(exportValue(encodeValue(value))))));

describe("an exported value", () => {
  test("is JSON where JSON says all of it, else the bytes", () => {
    expect(exportValue(encodeValue({ a: [1, "x", null, true] }))).toEqual({ json: { a: [1, "x", null, true] } });
    for (const value of [undefined, 5n, new Date(5), new Map([[1, 2]]), { a: undefined }, NaN, -0, new Uint8Array([1])])
      expect(exportValue(encodeValue(value))).toEqual({ base64: expect.any(String) });
  });

  test("comes back the same, whatever it is", () => {
    const cyclic: Record<string, unknown> = { map: new Map([["k", new Set([1n])]]), error: new RangeError("no") };
    cyclic["self"] = cyclic;
    assertSameValue(through(cyclic), cyclic);
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true }), (value) => {
        let bytes: Uint8Array;
        try {
          bytes = encodeValue(value);
        } catch {
          return;
        }
        expect(importValue(JSON.parse(JSON.stringify(exportValue(bytes))))).toEqual(bytes);
      }),
      { numRuns: 300 },
    );
  });

  test("of ten megabytes comes back the same, as text and as bytes", () => {
    const text = { text: "é".repeat(5_000_000) };
    expect(through(text)).toEqual(text);
    const bytes = new Uint8Array(10_000_000).map((_, index) => index % 251);
    assertSameValue(through(bytes), bytes);
  });

  test("that cannot be read is refused", () => {
    expect(() => importValue({ base64: "!" })).toThrow("cannot be read");
    expect(() => importValue({ base64: "wQ==" })).toThrow("cannot be read");
  });
});

describe("an exported run", () => {
  test("is taken as it is", () => {
    expect(parseRunExport(structuredClone(file))).toEqual(file as never);
  });

  test("has entries that come back the same", () => {
    const entry = {
      seq: 3,
      kind: "sleep",
      name: "s",
      n: 1,
      status: "failed",
      ord: 4,
      attempt: 2,
      error: encodeValue({ no: 1n }),
      at: 1,
      end: 2,
      due: 9,
      undo: true,
    } as const;
    expect(importEntry(JSON.parse(JSON.stringify(exportEntry(entry))))).toEqual(entry);
  });

  test.each([
    [null, "no exported run"],
    [{ ...file, format: "other" }, "no exported run"],
    [{ ...file, formatVersion: 2 }, "format 2"],
    [{ ...file, formatVersion: { toString: 1 } }, 'format {"toString":1}'],
    [{ ...file, more: 1 }, 'no field "more"'],
    [{ ...file, run: { ...file.run, id: 4 } }, "no id"],
    [{ ...file, run: { ...file.run, id: "../up" } }, "no id"],
    [{ ...file, run: { ...file.run, owner: "me" } }, "no id"],
    [{ ...file, run: { ...file.run, workflow: "a b" } }, "no id"],
    [{ ...file, run: { ...file.run, endedAt: 0 } }, "no id"],
    [{ ...file, run: { ...file.run, createdAt: -1 } }, "no id"],
    [{ ...file, run: { ...file.run, createdAt: noTime, endedAt: noTime } }, "no id"],
    [{ ...file, run: { ...file.run, endedAt: noTime } }, "no id"],
    [{ ...file, run: { ...file.run, startedAt: noTime } }, "no id"],
    [{ ...file, journal: [{ ...file.journal[0], end: noTime }] }, "Entry 0"],
    [{ ...file, journal: [{ ...file.journal[0], due: noTime }] }, "Entry 0"],
    [{ ...file, logs: [{ level: "info", message: "m", at: noTime }] }, "log lines"],
    [{ ...file, run: { ...file.run, tags: Array.from({ length: 33 }, () => "t") } }, "no id"],
    [{ ...file, journal: [{ ...file.journal[0], more: 1 }] }, "Entry 0"],
    [{ ...file, run: { ...file.run, status: "gone" } }, "no id"],
    [{ ...file, run: { ...file.run, endedAt: undefined } }, "no id"],
    [{ ...file, run: { ...file.run, parent: "p" } }, "no id"],
    [{ ...file, run: { ...file.run, input: 4 } }, "no id"],
    [{ ...file, journal: {} }, "no journal"],
    [{ ...file, journal: [...file.journal, { ...file.journal[0], kind: "dance" }] }, "Entry 1"],
    [{ ...file, journal: [{ ...file.journal[0], ord: 1.5 }] }, "Entry 0"],
    [{ ...file, logs: [{ level: "loud", message: "m", at: 1 }] }, "log lines"],
  ])("that is wrong is refused: %#", (given, said) => {
    expect(() => parseRunExport(given)).toThrow(said);
  });
});
