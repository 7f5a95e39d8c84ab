// The port's history: runs that ended elsewhere and are kept here.
import { describe, expect, test } from "bun:test";
import type { JournalEntry } from "@sluice/protocol";
import { engineItself } from "../kernel/inner-actor.ts";
import type { ImportedRun, LogLine } from "../kernel/run-store.ts";
import {
  ada,
  call,
  done,
  finish,
  problem,
  read,
  start,
  value,
  withStore,
  type MakeStore,
} from "./run-store.fixture.suite.ts";

const entry = (seq: number, more: Partial<JournalEntry> = {}): JournalEntry => ({
  seq,
  kind: "step",
  name: `s${seq}`,
  n: 0,
  status: "completed",
  ord: seq + 1,
  attempt: 1,
  value: value(seq),
  at: start,
  end: start + seq,
  ...more,
});

export function importingSuite(name: string, makeStore: MakeStore): void {
  describe(`${name}: history`, () => {
    const desk = withStore(makeStore);
    const ended = (id: string, more: Partial<ImportedRun> = {}): ImportedRun => ({
      ...desk.newRun(id),
      status: "completed",
      startedAt: start + 1,
      endedAt: start + 9,
      output: value("out"),
      attempt: 1,
      generation: 0,
      ...more,
    });
    const bring = (run: ImportedRun, journal: readonly JournalEntry[] = [], logs: readonly LogLine[] = []) =>
      desk.store.importRun({ by: ada, run, journal, logs, now: start + 50 });

    test("is a run with its journal and its lines, never executed", async () => {
      const journal = [
        entry(1, { ord: 1, undo: true }),
        entry(0, { ord: 2, status: "failed", error: problem("no") }),
        entry(-2, { ord: 3, kind: "undo" }),
        entry(2, { ord: 0, status: "aborted", end: start }),
      ];
      const lines: LogLine[] = [
        { line: 1, level: "info", message: "one", at: start },
        { line: 2, level: "warn", message: "two", data: value(2), at: start + 1 },
      ];
      const run = ended("r1", {
        status: "failed",
        reason: "error",
        error: problem("no"),
        cause: 0,
        attempt: 2,
        generation: 1,
        tags: ["t"],
        key: "k",
        inputHash: "h",
        forkedFrom: "r0",
        progress: value({ done: 1 }),
        parent: { run: "p", seq: 3, detached: true },
      });
      const answer = await bring(run, journal, lines);
      expect(answer).toMatchObject({ outcome: "created", run: { id: "r1", status: "failed", ord: 3 } });
      const record = await desk.store.getRun({ run: "r1" });
      expect(record).toMatchObject({ ...run, by: { kind: "import", id: "ada" }, epoch: 0, ord: 3, blocked: false });
      expect(read(record?.progress)).toEqual({ done: 1 });
      expect((await desk.store.readJournal({ run: "r1", bytesMax: 9_999 })).entries).toMatchObject(journal);
      expect(await desk.store.listLogs({ run: "r1", after: 0, limit: 9 })).toMatchObject(lines);
      expect(
        await desk.store.claimRuns({ by: engineItself, owner: "e", limit: 9, now: start + 99, journalBytesMax: 99 }),
      ).toEqual([]);
      expect((await desk.store.listRuns({ filter: { tag: "t" }, limit: 9 })).runs).toHaveLength(1);
      expect(await desk.store.countRuns({ filter: { status: ["failed"] } })).toBe(1);
    });

    test("is found by its attributes and its chain, and has what it streamed", async () => {
      const attributes = [
        { name: "paid", type: "boolean", value: true },
        { name: "total", type: "number", value: 5 },
      ] as const;
      const step = { seq: 0, name: "s0", attempt: 1 };
      const stream = [
        { no: 4, index: 2, at: start, value: value("a") },
        { no: 5, index: 3, at: start, value: value("b") },
        { no: 6, step, index: 0, at: start, value: value("c") },
        { no: 7, step, index: 1, at: start + 1, value: value("d") },
        { no: 8, index: 4, at: start + 1, value: value("e") },
      ];
      const run = ended("r1", { attributes, chain: "r1", continuedTo: "r2" });
      const brought = { by: ada, run, journal: [], logs: [], stream, now: start + 50 };
      const answer = await desk.store.importRun(brought);
      expect(answer).toMatchObject({ outcome: "created", run: { attributes, chain: "r1", continuedTo: "r2" } });
      expect(await desk.store.getRun({ run: "r1" })).toMatchObject({ attributes, chain: "r1", continuedTo: "r2" });
      const filter = { attributes: [{ name: "total", type: "number", operator: ">=", value: 5 }] } as const;
      expect((await desk.store.listRuns({ filter, limit: 9 })).runs.map(({ id }) => id)).toEqual(["r1"]);
      const kept = await desk.store.readStream({ run: "r1", after: 0, bytesMax: 1e6 });
      expect(kept).toMatchObject({ chunks: stream, first: 4 });
      expect(kept.chunks).toHaveLength(5);
      expect((await desk.store.readStream({ run: "r1", after: 6, bytesMax: 1e6 })).chunks).toHaveLength(2);
      expect(await bring(ended("r2", { chain: "r1", continuedFrom: "r1" }))).toMatchObject({ outcome: "created" });
      expect((await desk.store.listRuns({ filter: { chain: "r1" }, limit: 9 })).runs).toHaveLength(2);
      await desk.store.deleteRuns({ by: ada, runs: ["r1"], now: start });
      expect(await desk.store.readStream({ run: "r1", after: 0, bytesMax: 1e6 })).toEqual({ chunks: [], first: 1 });
    });

    test("is of no chain that says otherwise, and no chain leads back to itself", async () => {
      await desk.create("live");
      expect(await bring(ended("a", { chain: "a", continuedTo: "live" }))).toMatchObject({
        outcome: "chain_broken",
        run: { id: "live" },
      });
      await bring(ended("b", { chain: "x", continuedFrom: "d", continuedTo: "c" }));
      await bring(ended("c", { chain: "x", continuedFrom: "b", continuedTo: "d" }));
      expect(await bring(ended("d", { chain: "x", continuedFrom: "c", continuedTo: "b" }))).toMatchObject({
        outcome: "chain_broken",
        run: { id: "c" },
      });
      const other = { chain: "x", continuedFrom: "c", workflow: "other" };
      expect(await bring(ended("d", other))).toMatchObject({ outcome: "chain_broken" });
      expect(await bring(ended("d", { chain: "x", continuedFrom: "c" }))).toMatchObject({ outcome: "created" });
      for (const id of ["a", "none"]) expect(await desk.store.getRun({ run: id })).toBeUndefined();
    });

    test("lends its place to no run that only has the name it went on as", async () => {
      await bring(ended("old", { key: "k", inputHash: "h", chain: "old", continuedTo: "taken", output: value("old") }));
      await desk.create("taken", { workflow: "other" });
      await desk.create("parent");
      await desk.claim();
      const child = desk.newRun("new", { key: "k", inputHash: "h" });
      await desk.append("parent", call(0, child));
      const { entries } = await desk.store.readJournal({ run: "parent", bytesMax: 999 });
      expect(entries[0]?.status === "completed" && read(entries[0].value)).toBe("old");
    });

    test("is counted at its own times", async () => {
      await bring(ended("r1", { createdAt: start - 7_200_000, endedAt: start - 7_200_000 + 40 }));
      expect(await desk.store.stats()).toMatchObject({ runs: { completed: 1 }, ready: 0 });
    });

    test("takes no id and no key that is there", async () => {
      await desk.create("r1", { key: "k" });
      expect(await bring(ended("r1"))).toMatchObject({ outcome: "id_taken", run: { id: "r1" } });
      expect(await bring(ended("r2", { key: "k" }))).toMatchObject({ outcome: "conflict", run: { id: "r1" } });
      expect(await desk.store.getRun({ run: "r2" })).toBeUndefined();
      expect(await bring(ended("r2", { key: "k", workflow: "other" }))).toMatchObject({ outcome: "created" });
    });

    test("is deleted and forked like every run that has ended", async () => {
      await bring(ended("r1"), [entry(0), entry(1)]);
      const run = desk.newRun("r2", { forkedFrom: "r1" });
      const forked = await desk.store.forkRun({ by: ada, from: "r1", before: 1, run, now: start });
      expect(forked).toMatchObject({ outcome: "created", run: { ord: 1 } });
      expect(await desk.store.deleteRuns({ by: ada, runs: ["r1"], now: start })).toEqual({ deleted: ["r1"] });
      expect(await desk.store.getRun({ run: "r1" })).toBeUndefined();
      expect((await desk.store.readJournal({ run: "r1", bytesMax: 99 })).entries).toEqual([]);
    });

    test("does not touch what runs here", async () => {
      await desk.create("live");
      const [claimed] = await desk.claim();
      await bring(ended("r1", { parent: { run: "live", seq: 0, detached: true } }), [entry(0)]);
      expect(claimed?.run.id).toBe("live");
      expect((await desk.append("live", done(0, 1), finish("end"))).status).toBe("completed");
      expect(await desk.store.getRun({ run: "r1" })).toMatchObject({ status: "completed", endedAt: start + 9 });
    });
  });
}
