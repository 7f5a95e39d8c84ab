import { describe, expect, test } from "bun:test";
import type { StoredEntry } from "../entry.ts";
import { logLimits } from "../limits.ts";
import { parseQuery } from "../query/parse.ts";
import { entriesOf } from "../storage/frame.ts";
import { batchOf, entry } from "../storage/entries.fixture.suite.ts";
import type { Committed } from "../storage/log-store.ts";
import { Tails } from "./tails.ts";
import type { TailPiece, TailSource } from "./tails.ts";

/** A store of which only the order of commits matters. */
class Source implements TailSource {
  lastSeq = 0;
  readonly all: StoredEntry[] = [];
  readonly #listeners = new Set<(committed: Committed) => void>();
  /** Called while a query is under way. */
  meanwhile: () => void = () => undefined;

  get listeners(): number {
    return this.#listeners.size;
  }

  commit(lines: readonly string[], tenant = "t"): void {
    const batch = batchOf(
      lines.map((line) => entry({ line })),
      { tenant },
    );
    const firstSeq = this.lastSeq + 1;
    this.lastSeq += lines.length;
    if (tenant === "t") this.all.push(...entriesOf(batch.frame, firstSeq));
    for (const listener of this.#listeners) listener([{ batch, firstSeq }]);
  }

  onCommitted(listener: (committed: Committed) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async query({ aboveSeq = 0, upToSeq = Infinity, rowsMax = 9_999 }: Parameters<TailSource["query"]>[0]) {
    await Promise.resolve();
    this.meanwhile();
    const entries = this.all
      .filter(({ seq }) => seq > aboveSeq && seq <= upToSeq)
      .toReversed()
      .slice(0, rowsMax);
    return { entries, partial: undefined, scannedBytes: 0, damage: [], lastSeq: this.lastSeq };
  }
}

const filter = (text: string) => parseQuery(text, 0).filter;
const linesOf = (piece: TailPiece | undefined): string[] | undefined => piece?.entries.map(({ line }) => line);

describe("a tail", () => {
  test("begins with the latest entries and goes on without a gap or a double, whatever comes meanwhile", async () => {
    const source = new Source();
    source.commit(["1", "2", "3"]);
    const tails = new Tails(source, logLimits);
    source.meanwhile = () => source.commit(["5"]);
    const tail = tails.tail({ tenant: "t", filter: filter("*"), last: 2 });
    source.commit(["4"]);
    const seen: (string[] | undefined)[] = [linesOf(await tail.next()), linesOf(await tail.next())];
    source.commit(["6"]);
    seen.push(linesOf(await tail.next()));
    expect(seen).toEqual([["2", "3"], ["4", "5"], ["6"]]);
    tail.end();
  });

  test("goes on after the number it is given", async () => {
    const source = new Source();
    source.commit(["1", "2", "3", "4"]);
    const tail = new Tails(source, logLimits).tail({ tenant: "t", filter: filter("*"), after: 2, last: 0 });
    source.commit(["5"]);
    expect([linesOf(await tail.next()), linesOf(await tail.next())]).toEqual([["3", "4"], ["5"]]);
    tail.end();
  });

  test("says that there was more than it can bring", async () => {
    const source = new Source();
    source.commit(["1", "2", "3", "4"]);
    const limits = { ...logLimits, logQueryRowsMax: 2 };
    const tail = new Tails(source, limits).tail({ tenant: "t", filter: filter("*"), after: 1, last: 0 });
    expect(await tail.next()).toMatchObject({
      entries: [{ line: "3" }, { line: "4" }],
      missed: { fromSeq: 2, toSeq: 4 },
    });
    tail.end();
  });

  test("has only what fits, of its own tenant", async () => {
    const source = new Source();
    const tail = new Tails(source, logLimits).tail({ tenant: "t", filter: filter("error"), last: 0 });
    source.commit(["error elsewhere"], "other");
    source.commit(["fine", "an error"]);
    expect(linesOf(await tail.next())).toEqual(["an error"]);
    tail.end();
  });

  test("that is slow is told how many it has missed, and which, then goes on", async () => {
    const source = new Source();
    const tails = new Tails(source, { ...logLimits, logTailEntriesMax: 3 });
    const tail = tails.tail({ tenant: "t", filter: filter("*"), last: 0 });
    source.commit(["1", "2"]);
    source.commit(["3", "4", "5"]);
    source.commit(["6"]);
    const piece = await tail.next();
    expect(linesOf(piece)).toEqual(["1", "2", "3"]);
    expect(piece?.missed).toEqual({ count: 3, fromSeq: 4, toSeq: 6 });
    source.commit(["7"]);
    expect(await tail.next()).toMatchObject({ entries: [{ line: "7" }], missed: undefined });
    tail.end();
  });

  test("that has ended hears nothing, and the last one stops the listening", async () => {
    const source = new Source();
    const tails = new Tails(source, { ...logLimits, logTailsMax: 2 });
    const [first, second] = [1, 2].map(() => tails.tail({ tenant: "t", filter: filter("*"), last: 0 }));
    expect(() => tails.tail({ tenant: "t", filter: filter("*"), last: 0 })).toThrow("2 tails are open");
    const waiting = first?.next();
    first?.end();
    first?.end();
    expect(await waiting).toBeUndefined();
    expect([tails.open, source.listeners, first?.over]).toEqual([1, 1, true]);
    second?.end();
    expect([tails.open, source.listeners]).toEqual([0, 0]);
  });
});
