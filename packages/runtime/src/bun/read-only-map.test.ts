// A sealed file is mapped without the right to write to it, and unmapped when nobody holds it.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mapReadOnly } from "./read-only-map.ts";

/** Not below the folder of this test, which is closed to others. */
const folder = mkdtempSync("/tmp/sluice-map-");
const path = join(folder, "sealed");
const bytes = Uint8Array.from({ length: 300_000 }, (_none, at) => (at * 31) & 0xff);

beforeAll(() => {
  writeFileSync(path, bytes);
  chmodSync(path, 0o444);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Mappings of the file in this process. */
const mapped = (): number =>
  readFileSync("/proc/self/maps", "utf8")
    .split("\n")
    .filter((line) => line.endsWith(path)).length;

test("what is mapped is the file, and a write stays in the memory", async () => {
  const map = await mapReadOnly(path);
  expect(Buffer.compare(map, bytes)).toBe(0);
  map[0] = 0xee;
  expect(readFileSync(path)[0]).toBe(bytes[0] ?? 0);
});

test.skipIf(process.platform !== "linux")("a mapping goes when nobody holds any of it", async () => {
  const rounds = 50;
  for (let round = 0; round < rounds; round++) {
    expect((await mapReadOnly(path)).length).toBe(bytes.length);
    Bun.gc(true);
  }
  const deadlineMs = Date.now() + 10_000;
  while (mapped() > rounds / 2 && Date.now() < deadlineMs) {
    Bun.gc(true);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(mapped()).toBeLessThanOrEqual(rounds / 2);
});

test.skipIf(process.getuid?.() !== 0)("whoever is not root can map what is only to be read", async () => {
  chmodSync(folder, 0o755);
  // The test's own Bun lies where only its owner may go.
  const program = join(folder, "bun");
  writeFileSync(program, readFileSync(process.execPath), { mode: 0o755 });
  const made = await Bun.build({ entrypoints: [join(import.meta.dir, "ffi.ts")], target: "bun" });
  const [output] = made.outputs;
  const module = join(folder, "ffi.js");
  writeFileSync(module, (await output?.text()) ?? "");
  const script = `import { bunFfi } from ${JSON.stringify(module)};
    const file = await bunFfi.mmapRead(${JSON.stringify(path)});
    console.log(process.getuid(), file.bytes()[7], file.sizeBytes);`;
  writeFileSync(join(folder, "main.js"), script);
  const child = Bun.spawn([program, join(folder, "main.js")], {
    uid: 65534,
    gid: 65534,
    cwd: folder,
    stderr: "pipe",
    env: {},
  });
  const [said, problem] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect([said, problem]).toEqual([`65534 ${bytes[7]} ${bytes.length}\n`, ""]);
});
