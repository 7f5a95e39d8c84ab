import { expect, test } from "bun:test";
import { rangeOf } from "./byte-range.ts";

test.each([
  ["bytes=0-0", { from: 0, to: 1 }],
  ["bytes=2-5", { from: 2, to: 6 }],
  ["bytes=2-", { from: 2, to: 10 }],
  ["bytes=2-99", { from: 2, to: 10 }],
  ["bytes=-3", { from: 7, to: 10 }],
  ["bytes=-99", { from: 0, to: 10 }],
  [" bytes=9-9 ", { from: 9, to: 10 }],
  ["bytes=10-", "none"],
  ["bytes=10-12", "none"],
  ["bytes=-0", "none"],
  [null, undefined],
  ["bytes=", undefined],
  ["bytes=-", undefined],
  ["bytes=5-2", undefined],
  ["bytes=0-1,3-4", undefined],
  ["bytes=a-b", undefined],
  ["items=0-1", undefined],
  ["bytes=9999999999999999-", undefined],
] as const)("%s of ten bytes", (header, wanted) => {
  expect(rangeOf(header, 10)).toEqual(wanted);
});

test("of nothing there is no range", () => {
  expect([rangeOf("bytes=0-", 0), rangeOf("bytes=-1", 0), rangeOf(null, 0)]).toEqual(["none", "none", undefined]);
});
