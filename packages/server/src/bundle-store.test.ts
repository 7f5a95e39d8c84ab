// The code of a version: a blob that lasts, and a file made from it that need not.
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBlobs } from "@sluice/core/store/sqlite";
import { CodeStore } from "./bundle-store.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-code-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const text = "export const modules = [];\n";
const version = new Bun.CryptoHasher("sha256").update(text).digest("hex");
let count = 0;

/** A store with one version that has been kept. */
async function kept(): Promise<{ readonly code: CodeStore; readonly file: string }> {
  const folder = join(work, String(++count));
  const code = new CodeStore(join(folder, "code"), openBlobs({ folder: join(folder, "blobs") }));
  mkdirSync(code.folder, { recursive: true });
  const file = join(code.folder, `${version}.js`);
  writeFileSync(file, text);
  await code.keep(version);
  return { code, file };
}

test("a version that was kept is there although its file is gone, or was cut off by a power failure", async () => {
  const { code, file } = await kept();
  rmSync(file);
  expect(await code.file(version)).toBe(file);
  expect(readFileSync(file, "utf8")).toBe(text);
  writeFileSync(file, text.slice(0, 5));
  expect(await code.file(version)).toBe(file);
  expect(readFileSync(file, "utf8")).toBe(text);
});

test("a bundle that is not what its name says is not kept", async () => {
  const { code } = await kept();
  const other = "0".repeat(64);
  writeFileSync(join(code.folder, `${other}.js`), text);
  expect(code.keep(other)).rejects.toThrow("has changed");
});

test("a version that nobody kept is absent, and files of versions that nobody needs are removed", async () => {
  const { code, file } = await kept();
  expect(await code.file("1".repeat(64))).toBeUndefined();
  code.tidy(new Set([version]));
  expect(existsSync(file)).toBe(true);
  code.tidy(new Set());
  expect(existsSync(file)).toBe(false);
});
