import { expect, test } from "bun:test";
import { LogFolder } from "../storage/folder.fixture.suite.ts";
import { answerRange, bridgedRange } from "./range-bridge.ts";
import type { RangeAsked } from "./range-bridge.ts";
import { targetAt } from "./target.ts";

test("bytes that somebody else fetched stand in shared memory, or why there are none", async () => {
  using folder = new LogFolder();
  const place = { kind: "folder" as const, path: folder.path };
  await targetAt(place).put("day/a", new Uint8Array([1, 2, 3]));
  const asked: RangeAsked[] = [];
  const nobody = bridgedRange((each) => void asked.push(each), { place, timeMsMax: 1 });
  expect(() => nobody("day/a", { from: 1, length: 2 })).toThrow("no answer within 1 ms");
  const [first] = asked;
  if (first === undefined) throw new Error("nothing was asked");
  await answerRange(first);
  expect([...new Uint8Array(first.fetch.shared, 8, 2)]).toEqual([2, 3]);
  const state = new Int32Array(first.fetch.shared, 0, 2);
  expect([...state]).toEqual([1, 2]);
  await answerRange({ fetch: { ...first.fetch, name: "day/b" } });
  expect(state[0]).toBe(2);
  expect(Buffer.from(first.fetch.shared, 8, state[1]).toString()).toContain("ENOENT");
});
