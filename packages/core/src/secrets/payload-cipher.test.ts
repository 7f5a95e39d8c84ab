import { expect, test } from "bun:test";
import { systemRandom } from "../kernel/ids.ts";
import { sealHeaderOf } from "../kernel/sealed.ts";
import { DataKey, keyBytes, unwrap, wrap } from "./payload-cipher.ts";

const random = systemRandom;
const key = (name: string): DataKey => new DataKey({ key: name, bytes: random.bytes(keyBytes), random });
const text = new TextEncoder().encode("some text");
const place = { run: "r", seq: 1, field: "value" } as const;

test("what is sealed twice differs, and opens with its key alone and with its own header alone", () => {
  const mine = key("a");
  const [one, two] = [mine.seal(place, text), mine.seal(place, text)];
  expect(one).not.toEqual(two);
  const length = sealHeaderOf(one)?.length ?? 0;
  expect(mine.open(one, length)).toEqual(text);
  expect(key("a").open(one, length)).toBeUndefined();
  const elsewhere = mine.seal({ ...place, seq: 2 }, text);
  const moved = new Uint8Array([...elsewhere.subarray(0, length), ...one.subarray(length)]);
  expect(mine.open(moved, length)).toBeUndefined();
  expect(mine.open(one.subarray(0, length + 8), length)).toBeUndefined();
});

test("a wrapped key opens under its own id alone", () => {
  const outer = random.bytes(keyBytes);
  const bytes = random.bytes(keyBytes);
  const wrapped = wrap(outer, { id: "a", bytes, random });
  expect(unwrap(outer, "a", wrapped)).toEqual(bytes);
  expect(unwrap(outer, "b", wrapped)).toBeUndefined();
  expect(unwrap(random.bytes(keyBytes), "a", wrapped)).toBeUndefined();
});
