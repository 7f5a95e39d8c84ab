import { expect, test } from "bun:test";
import type { JournalCursor } from "../../kernel/run-store.ts";
import { done, retry, sleep, start } from "../run-store.fixture.suite.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("a long journal is read in pieces of about the size that was asked for, none twice", () => {
  bench.on.hot("r1");
  const seqs = Array.from({ length: 200 }, (_, i) => (i * 37) % 200);
  for (const seq of seqs) bench.on.append("r1", done(seq, "x".repeat(100)));
  bench.on.append("r1", sleep(300, start + 9), sleep(250, start + 9));
  const seen: number[] = [];
  let pieces = 0;
  let from: JournalCursor | undefined;
  do {
    const piece = bench.on.t.journal.read({ run: "r1", bytesMax: 2_000, ...(from === undefined ? {} : { from }) });
    const bytes = piece.entries.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    expect(bytes).toBeLessThanOrEqual(2_000);
    seen.push(...piece.entries.map(({ seq }) => seq));
    from = piece.next;
    pieces++;
  } while (from !== undefined);
  expect(seen).toEqual([...seqs, 250, 300]);
  expect(pieces).toBeGreaterThan(10);
});

test("what settled or was aborted stays as it is", () => {
  bench.on.hot("r1");
  bench.on.append("r1", done(0, "first"), retry(1, start + 5));
  const { journal } = bench.on.t;
  expect(bench.on.append("r1", done(0, "second")).events).toEqual([]);
  expect(journal.settle("r1", 0, { failed: true, ord: 9, now: start, bytes: new Uint8Array(1) })).toBe(false);
  journal.abort("r1", 1, start);
  expect(bench.on.append("r1", retry(1, start + 9), done(1, "late")).events).toEqual([]);
  expect(journal.read({ run: "r1", bytesMax: 1e6 }).entries).toMatchObject([
    { seq: 0, status: "completed", ord: 1 },
    { seq: 1, status: "aborted", ord: 0 },
  ]);
});
