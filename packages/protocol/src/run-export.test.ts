import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { exportEntry, exportValue, importEntry, importPiece, importValue, parseRunExport } from "./run-export.ts";
import { assertSameValue } from "./same-value.suite.ts";
import { decodeValue, encodeValue } from "./value.ts";

const file = {
  format: "sluice-run",
  formatVersion: 2,
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
  stream: [
    { no: 3, index: 0, at: 1, value: { json: "a" } },
    { no: 4, step: { seq: 0, name: "s", attempt: 1 }, index: 0, at: 2, value: { json: "b" } },
  ],
};
const attribute = { name: "total", type: "number", value: 5 };
const chained = { ...file.run, chain: "first", continuedFrom: "before", continuedTo: "after" };

const { stream: _stream, ...rest } = file;
const before = { ...rest, formatVersion: 1 };

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

  test("may be one of a chain and have attributes of every type", () => {
    const attributes = [
      attribute,
      { name: "due", type: "time", value: 5_000 },
      { name: "paid", type: "boolean", value: false },
      { name: "note", type: "text", value: "" },
    ];
    for (const run of [
      { ...chained, attributes },
      { ...chained, continuedFrom: undefined, chain: "r" },
      { ...chained, continuedTo: undefined },
    ])
      expect(parseRunExport({ ...file, run })).toMatchObject({ run });
  });

  test("of the first format is read as one without what came later", () => {
    expect(parseRunExport(structuredClone(before))).toEqual({ ...file, stream: [] } as never);
  });

  test("has no piece of output that is larger than those that are streamed", () => {
    const piece = { no: 1, index: 0, at: 1, value: { json: "x".repeat(262_144) } };
    expect(() => importPiece(piece)).toThrow("Piece 1");
    expect(decodeValue(importPiece({ ...piece, value: { json: "x" } }))).toBe("x");
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
    [{ ...file, formatVersion: 3 }, "format 3; this version reads 1 and 2"],
    [{ ...file, formatVersion: "2" }, 'format "2"'],
    [{ ...file, formatVersion: 1 }, 'no field "stream"'],
    [{ ...before, run: { ...file.run, attributes: [] } }, "no id"],
    [{ ...before, run: chained }, "no id"],
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
    ...[
      {},
      [attribute, attribute],
      [{ ...attribute, name: "a b" }],
      [{ ...attribute, type: "shape" }],
      [{ ...attribute, value: "5" }],
      [{ ...attribute, value: null }],
      [{ ...attribute, more: 1 }],
      [{ name: "due", type: "time", value: "2027-01-01" }],
      Array.from({ length: 33 }, (_, at) => ({ ...attribute, name: `a${at}` })),
    ].map((attributes) => [{ ...file, run: { ...file.run, attributes } }, "search attributes"] as const),
    ...[
      { chain: undefined },
      { continuedFrom: undefined, continuedTo: undefined },
      { chain: "r" },
      { continuedFrom: undefined },
      { continuedTo: "first" },
      { continuedTo: "r" },
      { continuedFrom: "r" },
      { continuedTo: "before" },
      { continuedTo: "../up" },
      { status: "failed" },
    ].map((change) => [{ ...file, run: { ...chained, ...change } }, "chain"] as const),
    ...[
      undefined,
      {},
      [{ ...file.stream[0], no: 0 }],
      [file.stream[1], file.stream[0]],
      [file.stream[0], { ...file.stream[1], no: 5 }],
      [{ ...file.stream[0], value: 4 }],
      [{ ...file.stream[0], step: { seq: 0, name: "s" } }],
      [{ ...file.stream[0], index: -1 }],
      [{ ...file.stream[0], more: 1 }],
      [null],
    ].map((stream) => [{ ...file, stream }, "streamed output"] as const),
  ])("that is wrong is refused: %#", (given, said) => {
    expect(() => parseRunExport(given)).toThrow(said);
  });
});
