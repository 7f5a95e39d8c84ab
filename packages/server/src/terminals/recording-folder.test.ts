import { afterAll, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RecordingFiles } from "./recording-folder.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-recordings-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));
const head = (timestamp: number) => `{"version":3,"term":{"cols":80,"rows":24},"timestamp":${timestamp},"title":"t"}\n`;

test("recordings are files of the user's own, listed by their first line, oldest first", async () => {
  const folder = join(work, "recordings");
  const files = new RecordingFiles(folder);
  expect(await files.list()).toEqual([]);
  const sink = files.create("term_2");
  await Promise.all([sink.append(head(20)), sink.append('[0, "o", "a"]\n'), sink.append('[0, "o", "b"]\n')]);
  await sink.close();
  const other = files.create("term_1");
  await other.append(head(10));
  await other.close();
  writeFileSync(join(folder, "no.cast"), "not a recording\n");
  writeFileSync(join(folder, "other.txt"), head(1));
  appendFileSync(join(folder, "term_1.cast"), "[0.5, ");
  expect((await files.list()).map(({ id, head: { startedAt } }) => [id, startedAt])).toEqual([
    ["term_1", 10_000],
    ["term_2", 20_000],
  ]);
  expect(await files.read("term_2")).toBe(`${head(20)}[0, "o", "a"]\n[0, "o", "b"]\n`);
  expect([statSync(folder).mode & 0o777, statSync(join(folder, "term_2.cast")).mode & 0o777]).toEqual([0o700, 0o600]);
  expect([await files.remove("term_2"), await files.remove("term_2")]).toEqual([true, false]);
});

test("nothing outside of the folder is read, written or removed", async () => {
  const files = new RecordingFiles(join(work, "inner"));
  writeFileSync(join(work, "outside.cast"), head(1));
  expect(await files.read("../outside")).toBeUndefined();
  expect(await files.remove("../outside")).toBeFalse();
  expect(() => files.create("../outside")).toThrow("is no id");
});

test("a recording that cannot be written says so, and none is written over", async () => {
  const files = new RecordingFiles(join(work, "twice"));
  const first = files.create("term_1");
  await first.append("one");
  const second = files.create("term_1");
  expect(await second.append("two").catch((error: unknown) => (error as { readonly code?: unknown }).code)).toBe(
    "EEXIST",
  );
  expect(await files.read("term_1")).toBe("one");
  await first.close();
});

test("one that was broken off goes on where it was whole", async () => {
  const files = new RecordingFiles(join(work, "resumed"));
  const first = files.create("term_1");
  await first.append("whole\nhal");
  const second = files.resume("term_1", 6);
  await second.append("more\n");
  await second.close();
  expect(await files.read("term_1")).toBe("whole\nmore\n");
  expect(() => files.resume("../outside", 0)).toThrow("is no id");
  await first.close();
});
