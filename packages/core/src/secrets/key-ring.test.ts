import { expect, test } from "bun:test";
import { systemRandom } from "../kernel/ids.ts";
import { KeyRing } from "./key-ring.ts";

function folder(files: Map<string, Uint8Array> = new Map()) {
  return {
    files,
    read: async (name: string) => files.get(name),
    create: async (name: string, bytes: Uint8Array) => {
      if (files.has(name)) return false;
      files.set(name, bytes);
      return true;
    },
    replace: async (name: string, bytes: Uint8Array) => void files.set(name, bytes),
  };
}

test("two that open an empty folder at once have the same key", async () => {
  const shared = folder();
  const [a, b] = await Promise.all([KeyRing.open(shared, systemRandom), KeyRing.open(shared, systemRandom)]);
  expect(b.open("x", a.seal("x", "some text"))).toBe("some text");
});

test("it opens with the key it was sealed with until that is forgotten", async () => {
  const ring = await KeyRing.open(folder(), systemRandom);
  const old = ring.seal("x", "some text");
  await ring.addKey();
  expect([ring.isRotating, ring.open("x", old)]).toEqual([true, "some text"]);
  expect(ring.seal("x", "some text").key).not.toBe(old.key);
  await ring.forgetOthers();
  expect([ring.isRotating, ring.open("x", old)]).toEqual([false, undefined]);
});

test("a damaged file is said to be, not replaced", async () => {
  const damaged = folder(new Map([["secrets.json", new TextEncoder().encode('{"current":"a","keys":{}}')]]));
  expect(KeyRing.open(damaged, systemRandom)).rejects.toThrow("damaged");
  expect(damaged.files.size).toBe(1);
});
