import { afterAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writePieces } from "./blob-intake.ts";

const root = mkdtempSync(join(tmpdir(), "sluice-intake-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

test("what comes is written in its order, and its sum is said", async () => {
  const path = join(root, "whole");
  const taken = await writePieces(path, pieces("one ", "", "two"), { bytesMax: 7 });
  const sha256 = createHash("sha256").update("one two").digest("hex");
  expect(taken).toEqual({ outcome: "whole", sha256, bytes: 7 });
  expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777]).toEqual(["one two", 0o600]);
});

test("what is too long is read no further, and whoever sends it hears that nobody reads", async () => {
  let ended = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield new Uint8Array(10);
    } finally {
      ended = true;
    }
  }
  expect(await writePieces(join(root, "long"), endless(), { bytesMax: 25 })).toEqual({ outcome: "too_long" });
  expect(ended).toBe(true);
});

test("a file that is there is not touched, and what breaks off is passed on", async () => {
  const path = join(root, "there");
  await writePieces(path, pieces("a"), { bytesMax: 9 });
  expect(await writePieces(path, pieces("b"), { bytesMax: 9 }).catch((error: unknown) => String(error))).toContain(
    "EEXIST",
  );
  expect(readFileSync(path, "utf8")).toBe("a");
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(3);
    throw new Error("the line broke");
  }
  const half = join(root, "half");
  expect(await writePieces(half, broken(), { bytesMax: 9 }).catch((error: unknown) => String(error))).toContain(
    "the line broke",
  );
  expect(existsSync(half)).toBe(true);
});
