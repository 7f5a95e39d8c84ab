// Content that is longer than what Bun takes by itself (128 MiB), over a real connection: it goes to the disk as it comes.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killAll, startServer, token } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const data = mkdtempSync(join(tmpdir(), "sluice-cache-large-"));
const lengthBytes = 200 * 1024 * 1024;
const grownBytesMax = 250 * 1024 * 1024;
let server: ServerProcess;
beforeAll(async () => {
  server = await startServer({ project: join(import.meta.dir, "../examples/quickstart"), data });
}, 60_000);
afterAll(async () => {
  await killAll(server);
  rmSync(data, { recursive: true, force: true });
});

function residentBytes(): number {
  const pages = Number(readFileSync(`/proc/${server.process.pid}/statm`, "utf8").split(" ")[1]);
  return pages * 4_096;
}

describe("a file of more than 128 MiB", () => {
  test("goes in and comes out as it was, over a real connection, twice", async () => {
    const bytes = Buffer.alloc(lengthBytes);
    for (let at = 0; at < lengthBytes; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
    const digest = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
    const headers = { authorization: `Bearer ${token}` };
    const url = `${server.url}/cache/bazel/cas/${digest}`;
    const before = residentBytes();
    for (let round = 0; round < 2; round++) {
      const put = await fetch(url, { method: "PUT", body: bytes, headers });
      expect(put.status).toBe(200);
      const got = await fetch(url, { headers });
      const sum = new Bun.CryptoHasher("sha256");
      let size = 0;
      for await (const piece of got.body ?? []) {
        sum.update(piece);
        size += piece.length;
      }
      expect([got.status, size, sum.digest("hex")]).toEqual([200, lengthBytes, digest]);
    }
    // Nothing of that length is in memory at once.
    expect(residentBytes() - before).toBeLessThan(grownBytesMax);
  }, 300_000);
});
