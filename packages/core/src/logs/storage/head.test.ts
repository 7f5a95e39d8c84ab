import { describe, expect, test } from "bun:test";
import { batchOf, entry, noonMs } from "./entries.fixture.suite.ts";
import { LogFolder } from "./folder.fixture.suite.ts";
import { dayOf, Head } from "./head.ts";

const at = { nowMs: noonMs, keysFromMs: 0 };
const two = [entry({ line: "one" }), entry({ line: "two" })];

describe("the head", () => {
  test("numbers entries in the order of commits, also after it was opened again", () => {
    using folder = new LogFolder();
    const head = new Head({ folder: folder.path });
    expect(head.append([batchOf(two), batchOf(two)], at)).toMatchObject([{ firstSeq: 1 }, { firstSeq: 3 }]);
    head.close();
    const again = new Head({ folder: folder.path });
    expect(again.state).toMatchObject({ lastSeq: 4, sealed: 0, oldestMs: noonMs });
    expect(again.append([batchOf(two)], at)).toMatchObject([{ outcome: "stored", firstSeq: 5, entries: 2 }]);
    again.close();
    expect(folder.all().map(({ seq, line }) => [seq, line])).toEqual([
      [1, "one"],
      [2, "two"],
      [3, "one"],
      [4, "two"],
      [5, "one"],
      [6, "two"],
    ]);
  });

  test("takes a key once: again it is a duplicate, with other content a conflict, of another tenant its own", () => {
    using folder = new LogFolder();
    const head = new Head({ folder: folder.path });
    const key = { name: "k", hash: "h" };
    const results = head.append(
      [
        batchOf(two, { key }),
        batchOf(two, { key }),
        batchOf(two, { key: { name: "k", hash: "other" } }),
        batchOf(two, { key, tenant: "acme" }),
      ],
      at,
    );
    expect(results).toEqual([
      { outcome: "stored", firstSeq: 1, entries: 2 },
      { outcome: "duplicate", firstSeq: 1, entries: 2 },
      { outcome: "conflict" },
      { outcome: "stored", firstSeq: 3, entries: 2 },
    ]);
    expect(head.append([batchOf(two, { key })], at)).toMatchObject([{ outcome: "duplicate" }]);
    head.close();
    expect(folder.all()).toHaveLength(2);
  });

  test("forgets keys that are too old", () => {
    using folder = new LogFolder();
    const head = new Head({ folder: folder.path });
    const key = { name: "k", hash: "h" };
    head.append([batchOf(two, { key })], at);
    const later = { nowMs: noonMs + 1_000, keysFromMs: noonMs + 1 };
    expect(head.append([batchOf(two, { key })], later)).toMatchObject([{ outcome: "stored", firstSeq: 3 }]);
    head.close();
  });

  test("holds what is left after it was truncated, and puts damaged batches aside", () => {
    using folder = new LogFolder();
    const head = new Head({ folder: folder.path });
    head.append([batchOf(two), batchOf(two)], at);
    head.intend({ from: 0, to: 2, days: [dayOf(noonMs)] });
    expect(head.state.intent).toEqual({ from: 0, to: 2, days: ["2026-03-04"] });
    head.truncate(2, [2]);
    expect(head.state).toMatchObject({ lastSeq: 4, sealed: 2, intent: undefined });
    expect(() => head.intend({ from: 0, to: 4, days: [] })).toThrow("where the one before ended");
    head.truncate(4);
    expect(head.state).toMatchObject({ lastSeq: 4, sealed: 4, rawBytes: 0, oldestMs: undefined });
    head.close();
    const again = new Head({ folder: folder.path });
    expect(again.state.lastSeq).toBe(4);
    again.close();
  });
});
