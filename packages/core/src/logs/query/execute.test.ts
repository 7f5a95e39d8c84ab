import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { LogEntry, StoredEntry } from "../entry.ts";
import { levelOf, logLevels } from "../level.ts";
import { anyEntry, batchOf, dayMs, entry, noonMs, plain } from "../storage/entries.fixture.suite.ts";
import { LogFolder } from "../storage/folder.fixture.suite.ts";
import { rowsOf } from "../storage/rows.ts";
import { Snapshot } from "../storage/snapshot.ts";
import { execute } from "./execute.ts";
import type { Execution, QueryAnswer } from "./execute.ts";
import { compileFilter } from "./match.ts";
import { parseQuery } from "./parse.ts";

const limits = { rowsMax: 1_000, bytesMax: 1e9, over: () => undefined };

function ask(folder: LogFolder, text: string, p: Partial<Execution> = {}): QueryAnswer {
  const query = parseQuery(text, noonMs);
  const snapshot = Snapshot.open(folder.path, query);
  try {
    return execute(snapshot, { tenant: "default", query, limits, ...p });
  } finally {
    snapshot.close();
  }
}

/** A folder with these batches; each is sealed or stays in the head. */
function filled(batches: readonly (readonly LogEntry[])[], sealedAt: readonly number[] = []): LogFolder {
  const folder = new LogFolder();
  const files = folder.open({ chunkBytesMax: 200 });
  for (const [index, entries] of batches.entries()) {
    files.append([batchOf(entries)], noonMs);
    if (sealedAt.includes(index)) files.seal(noonMs);
  }
  files.close();
  return folder;
}

describe("a query over everything", () => {
  test("finds what looking at each entry by itself finds, the latest first, wherever entries stand", () => {
    const queries = fc.constantFrom(
      "",
      "timed",
      "level:error",
      "service:=api or GET",
      "status:>=200 -out",
      "_time:2026-03-04 service:*",
      "_time:[2025-06-01,2026-03-04T12:00:00Z) not route:*",
    );
    const given = fc.array(fc.array(anyEntry, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(given, fc.array(fc.nat(4)), queries, fc.nat(12), (made, sealed, text, count) => {
        // A file a day costs a sync each: three of them do.
        const near = (each: LogEntry): LogEntry => ({ ...each, timeMs: noonMs - (each.timeMs % (3 * dayMs)) });
        const batches = made.map((entries) => entries.map(near));
        using folder = filled(batches, sealed);
        const query = parseQuery(text, noonMs);
        const all = batches
          .flat()
          .map((each, index): StoredEntry => ({ ...each, seq: index + 1, level: levelOf(each) }));
        const hits = compileFilter(query.filter).rows(rowsOf(all));
        const expected = all
          .filter(({ timeMs }, at) => hits[at] === 1 && timeMs >= query.fromMs && timeMs < query.toMs)
          .toSorted((a, b) => b.timeMs - a.timeMs || b.subNs - a.subNs || b.seq - a.seq);
        const answer = ask(folder, `${text} | limit ${count}`);
        expect(answer.entries?.map(plain)).toEqual(expected.slice(0, count).map(plain));
        expect(answer).toMatchObject({ partial: undefined, damage: [], lastSeq: all.length });
        const counted = ask(folder, `${text} | stats by (level) count()`);
        const byLevel = Map.groupBy(expected, ({ level }) => logLevels[level] ?? "");
        expect(new Map(counted.rows as [string, number][])).toEqual(
          new Map([...byLevel].map(([level, of]) => [level, of.length])),
        );
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  test("counts by minute and level without unpacking chunks", () => {
    const entries = Array.from({ length: 300 }, (_, n) =>
      entry({ timeMs: noonMs + n * 1_000, line: n % 3 === 0 ? "ERROR x" : "INFO x" }),
    );
    using folder = filled([entries], [0]);
    const quick = ask(folder, "* | stats by (_time:1m, level) count()");
    expect(quick).toMatchObject({ columns: ["_time", "level", "count()"], scannedBytes: 0 });
    const slow = ask(folder, "_line:* | stats by (_time:1m, level) count()");
    expect(slow.scannedBytes).toBeGreaterThan(0);
    expect(quick.rows).toEqual(slow.rows);
    expect(quick.rows).toHaveLength(10);
    expect(ask(folder, "_time:[2026-03-04T12:00:30Z,2026-03-04T12:01:00Z) | stats count()").rows).toEqual([[30]]);
  });

  test("goes through pipes", () => {
    const entries = Array.from({ length: 20 }, (_, n) =>
      entry({ timeMs: noonMs + n, line: `user=u${n % 4} took ${n}`, fields: { ms: n } }),
    );
    using folder = filled([entries.slice(0, 10), entries.slice(10)], [0]);
    const answer = ask(
      folder,
      "took | extract `user=(?P<user>\\w+)` | filter user:!=u0 | stats by (user) max(ms) as most | sort by (most desc) | limit 2",
    );
    expect(answer.rows).toEqual([
      ["u3", 19],
      ["u2", 18],
    ]);
    expect(ask(folder, "* | fields ms | limit 1").rows).toEqual([[19]]);
  });

  test("reads no chunk that is older than what it has found", () => {
    const days = Array.from({ length: 30 }, (_, n) => [entry({ timeMs: noonMs - n * dayMs, line: `day ${n}` })]);
    using folder = filled(
      days,
      days.map((_, n) => n),
    );
    const { entries, scannedBytes } = ask(folder, "day | limit 2");
    expect(entries?.map(({ line }) => line)).toEqual(["day 0", "day 1"]);
    expect(scannedBytes).toBeLessThan(20);
  });

  test("says when it was ended early, and answers with what it had", () => {
    const entries = Array.from({ length: 50 }, (_, n) => entry({ timeMs: noonMs + n, line: `line ${n}` }));
    using folder = filled([entries], [0]);
    let looks = 0;
    const cancelled = ask(folder, "line", {
      limits: { ...limits, over: () => (looks++ < 2 ? undefined : "cancelled") },
    });
    expect(cancelled.partial).toBe("cancelled");
    expect(cancelled.entries?.length).toBeWithin(1, 50);
    expect(ask(folder, "line | stats count()", { limits: { ...limits, bytesMax: 10 } }).partial).toBe("bytes");
    expect(ask(folder, "line | fields _line", { limits: { ...limits, rowsMax: 3 } })).toMatchObject({
      partial: "rows",
    });
    expect(ask(folder, "line", { limits: { ...limits, rowsMax: 3 } }).entries).toHaveLength(3);
  });

  test("finds only what came after a number, and of its own tenant", () => {
    using folder = filled([[entry({ line: "a" }), entry({ line: "b" })], [entry({ line: "c" })]], [0]);
    expect(ask(folder, "*", { aboveSeq: 1 }).entries?.map(({ line }) => line)).toEqual(["c", "b"]);
    expect(ask(folder, "*", { tenant: "acme" }).entries).toEqual([]);
  });

  test("does not find what was deleted, and finds what came later", () => {
    using folder = filled([[entry({ line: "secret 1" }), entry({ line: "plain" })]], [0]);
    const files = folder.open();
    files.append([batchOf([entry({ line: "secret 2" })])], noonMs);
    files.bury({ tenant: "default", query: "secret", fromMs: 0, toMs: noonMs * 2, nowMs: noonMs });
    files.append([batchOf([entry({ line: "secret 3" })])], noonMs);
    const lines = () =>
      ask(folder, "*")
        .entries?.map(({ line }) => line)
        .toSorted();
    expect(lines()).toEqual(["plain", "secret 3"]);
    files.seal(noonMs);
    expect(lines()).toEqual(["plain", "secret 3"]);
    expect(ask(folder, "* | stats count()").rows).toEqual([[2]]);
    files.close();
  });
});
