import { expect, test } from "bun:test";
import { batchOf, dayMs, entry, noonMs } from "../storage/entries.fixture.suite.ts";
import { ArchiveRig } from "./archive.fixture.suite.ts";
import { ArchiveReads, FooterCache, usualPlace } from "./archive-reads.ts";
import { folderRange } from "./target.ts";

test("a footer is read once, and of the chunks only those that are asked for", async () => {
  using rig = new ArchiveRig();
  const files = rig.folder.open({ chunkBytesMax: 40 });
  const times = [0, 1, 2].map((n) => noonMs - 40 * dayMs + n * 60_000);
  files.append([batchOf(times.map((timeMs) => entry({ timeMs, line: `line ${timeMs}` })))], noonMs);
  files.seal(noonMs);
  await rig.archive(files).archive();
  const [batch] = files.catalog.days()[0]?.batches ?? [];
  if (batch === undefined) throw new Error("nothing is archived");
  const read: number[] = [];
  const { path } = usualPlace(rig.folder.path);
  const reads = new ArchiveReads((name, at) => {
    read.push(at.from);
    return folderRange(path, name, at);
  }, new FooterCache());
  const span = { tenant: "default", fromMs: times[1] ?? 0, toMs: times[2] ?? 0 };
  for (let again = 0; again < 2; again++) {
    const found = reads.chunks(batch, span);
    expect(found.map(({ row }) => [row.minMs, row.maxMs])).toEqual([[times[1], times[1]]] as never);
    expect(found[0]?.rows().line().at(0)).toBe(`line ${times[1]}`);
  }
  expect(read).toHaveLength(3);
  expect(read.filter((from) => from === batch.footerAt)).toHaveLength(1);
  expect(reads.chunks(batch, { ...span, tenant: "other" })).toEqual([]);
  files.close();
});

test("footers that were not asked for lately make room", () => {
  const cache = new FooterCache();
  const read: string[] = [];
  const of = (name: string): void => {
    cache.of(name, 9 * 1024 * 1024, () => {
      read.push(name);
      return [];
    });
  };
  for (const name of ["a", "b", "a", "b", "b"]) of(name);
  expect(read).toEqual(["a", "b", "a", "b"]);
});
