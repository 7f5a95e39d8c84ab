import { describe, expect, test } from "bun:test";
import { batchOf, dayMs, entry, noonMs } from "../storage/entries.fixture.suite.ts";
import { ArchiveRig } from "./archive.fixture.suite.ts";
import { archiveDay, newDay, rewriteArchived } from "./archive-work.ts";
import type { ArchiveFormat } from "./catalog.ts";

const timeMs = noonMs - 40 * dayMs;
const known = newDay("2026-01-23");

describe("the work on one day", () => {
  test.each(["chunks", "json"] as const)(
    "leaves out what was deleted, of its tenant alone (%s)",
    async (format: ArchiveFormat) => {
      using rig = new ArchiveRig();
      const files = rig.folder.open();
      const entries = [entry({ timeMs, line: "stays" }), entry({ timeMs, line: "goes" })];
      files.append([batchOf(entries), batchOf(entries, { tenant: "other" })], noonMs);
      files.seal(noonMs);
      const tools = { target: rig.target, format };
      const day = await archiveDay({ folder: rig.folder.path, known, sealed: 4 }, tools);
      if (day === undefined) throw new Error("nothing was archived");
      files.catalog.put({ day, garbage: [], nowMs: 0 });
      const tombstone = { id: 1, tenant: "default", query: "goes", fromMs: 0, toMs: noonMs, upToSeq: 4 };
      const done = await rewriteArchived(day, tombstone, tools);
      if (done === undefined) throw new Error("nothing was rewritten");
      expect(done.gone).toBe(1);
      expect(done.garbage.every((file) => day.batches.some((batch) => batch.file === file))).toBe(true);
      files.catalog.put({ day: done.day, garbage: done.garbage, nowMs: 0 });
      expect(rig.folder.all().map(({ line }) => line)).toEqual(["stays"]);
      expect(rig.folder.all({ tenant: "other" }).map(({ line }) => line)).toEqual(["stays", "goes"]);
      expect(await rewriteArchived(done.day, tombstone, tools)).toBeUndefined();
      expect(await rewriteArchived(done.day, { ...tombstone, query: "stays", upToSeq: 0 }, tools)).toBeUndefined();
      files.close();
    },
  );

  test("finds nothing to do where nothing was sealed", async () => {
    using rig = new ArchiveRig();
    const files = rig.folder.open();
    files.append([batchOf([entry({ timeMs })])], noonMs);
    files.seal(noonMs);
    const tools = { target: rig.target, format: "chunks" as const };
    expect(await archiveDay({ folder: rig.folder.path, known, sealed: 0 }, tools)).toBeUndefined();
    files.close();
  });
});
