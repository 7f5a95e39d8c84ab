// The port's history: runs that ended elsewhere and are kept here.
import { describe, expect, test } from "bun:test";
import type { JournalEntry } from "@sluice/protocol";
import { engineItself } from "../kernel/inner-actor.ts";
import type { ImportedRun, LogLine } from "../kernel/run-store.ts";
import {
  ada,
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
