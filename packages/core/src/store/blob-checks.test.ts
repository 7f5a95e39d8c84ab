import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BlobChecks, sha256 } from "./blob-checks.ts";

const root = mkdtempSync(join(tmpdir(), "sluice-checks-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const text = new TextEncoder().encode("as it was");

test("a file is read again only when it looks different", async () => {
  const path = join(root, "a");
  const hash = await sha256(text);
  const checks = new BlobChecks();
  writeFileSync(path, text);
  utimesSync(path, 1_000, 1_000);
  expect(await checks.check(hash, path)).toMatchObject({ outcome: "intact", bytes: 9 });
  writeFileSync(path, "as it is!");
  utimesSync(path, 2_000, 2_000);
  expect(await checks.check(hash, path)).toMatchObject({ outcome: "other_content", bytes: 9 });
  expect(await checks.read(hash, path)).toMatchObject({ outcome: "other_content" });
  expect((await checks.read(await sha256(new TextEncoder().encode("as it is!")), path)).outcome).toBe("intact");
});

test("what was written whole is not read, whatever it is called", async () => {
  const path = join(root, "b");
  writeFileSync(path, text);
  const checks = new BlobChecks();
  await checks.wrote("its name", path);
  expect((await checks.check("its name", path)).outcome).toBe("intact");
  expect((await new BlobChecks().check("its name", path)).outcome).toBe("other_content");
});

test("a long file is read in pieces", async () => {
  const path = join(root, "c");
  const long = new Uint8Array(5_000_001).fill(7);
  writeFileSync(path, long);
  expect(await new BlobChecks().check(await sha256(long), path)).toMatchObject({ outcome: "intact", bytes: 5_000_001 });
  expect(await new BlobChecks().check(await sha256(text), path)).toMatchObject({ outcome: "other_content" });
});

test("a file that is not there says so", async () => {
  const gone = new BlobChecks().check("x", join(root, "none"));
  expect(await gone.catch((error: unknown) => (error as NodeJS.ErrnoException).code)).toBe("ENOENT");
});
