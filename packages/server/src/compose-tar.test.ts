// Archives: what is written is read back, by us and by tar itself, and what is no archive is refused.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readTar, writeTar } from "./compose-tar.ts";
import type { TarFile } from "./compose-tar.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-tar-"));
afterAll(() => rmSync(work, { recursive: true }));

const sizes = [0, 1, 511, 512, 513, 70_000];

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function* files(): AsyncGenerator<TarFile> {
  for (const size of sizes) yield { name: `folder/f${size}`, bytes: size, content: pieces(contentOf(size), 100) };
}

function contentOf(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => (index * 7 + size) % 251);
}

async function archive(): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of writeTar(files())) parts.push(part);
  return Buffer.concat(parts);
}

async function read(bytes: Uint8Array, pieceBytes: number): Promise<[string, Uint8Array][]> {
  const found: [string, Uint8Array][] = [];
  for await (const { name, bytes: size, content } of readTar(pieces(bytes, pieceBytes))) {
    const parts: Uint8Array[] = [];
    for await (const part of content) parts.push(part);
    const whole = Buffer.concat(parts);
    expect(whole.length).toBe(size);
    found.push([name, new Uint8Array(whole)]);
  }
  return found;
}

describe("an archive", () => {
  test.each([1, 100, 512, 1_000_000])("is read back from pieces of %d bytes", async (pieceBytes) => {
    expect(await read(await archive(), pieceBytes)).toEqual(sizes.map((size) => [`folder/f${size}`, contentOf(size)]));
  });

  test("is one that tar itself reads", async () => {
    writeFileSync(join(work, "a.tar"), await archive());
    const ran = Bun.spawnSync(["tar", "xf", "a.tar"], { cwd: work });
    expect([ran.exitCode, ran.stderr.toString()]).toEqual([0, ""]);
    expect(readdirSync(join(work, "folder")).toSorted()).toEqual(sizes.map((size) => `f${size}`).toSorted());
    for (const size of sizes) expect(readFileSync(join(work, `folder/f${size}`))).toEqual(Buffer.from(contentOf(size)));
  });

  test("that tar itself wrote is read", async () => {
    writeFileSync(join(work, "b.txt"), "hello");
    Bun.spawnSync(["tar", "--format=ustar", "-cf", "b.tar", "b.txt"], { cwd: work });
    const found = await read(new Uint8Array(readFileSync(join(work, "b.tar"))), 4_096);
    expect(found).toEqual([["b.txt", new TextEncoder().encode("hello")]]);
  });
});

describe("what is refused", () => {
  const refused = expect.objectContaining({ code: "invalid_config" });

  test("an archive that ends too early, at every block", async () => {
    const bytes = await archive();
    for (let length = 0; length < bytes.length - 1_024; length += 512) {
      expect(read(bytes.subarray(0, length), 4_096)).rejects.toEqual(refused);
    }
  });

  test("what is no archive, and a header that was changed", async () => {
    expect(read(new Uint8Array(2_048).fill(65), 512)).rejects.toEqual(refused);
    const bytes = Uint8Array.from(await archive());
    bytes[3] = (bytes[3] ?? 0) + 1;
    expect(read(bytes, 512)).rejects.toEqual(refused);
  });

  test("a file that is not as long as it was said to be", async () => {
    async function* wrong(): AsyncGenerator<TarFile> {
      yield { name: "a", bytes: 3, content: pieces(Uint8Array.of(1), 1) };
    }
    const drain = async (): Promise<void> => {
      for await (const _part of writeTar(wrong()));
    };
    expect(drain()).rejects.toThrow("a has 1 bytes instead of 3");
  });
});
