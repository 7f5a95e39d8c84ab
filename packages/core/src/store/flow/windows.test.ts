import { expect, test } from "bun:test";
import { decodeValue, encodeValue } from "@sluice/protocol";
import { countRate, debounce, gathered, isFull, type WindowRow } from "./windows.ts";

const row = (more: Partial<WindowRow>): WindowRow => ({
  id: "w",
  run: "r",
  openedAt: 0,
  until: 100,
  count: 1,
  bytes: 0,
  ...more,
});

test("a window of a rate opens with the first start and is over at its end", () => {
  const rate = { id: "w", count: 2, perMs: 100 };
  const first = countRate(rate, undefined, 5);
  expect(first.row).toMatchObject({ openedAt: 5, until: 105, count: 1 });
  const second = countRate(rate, first.row, 104);
  expect(second.row).toMatchObject({ until: 105, count: 2 });
  expect(countRate(rate, second.row, 104)).toEqual({ retryAt: 105 });
  expect(countRate(rate, second.row, 105).row).toMatchObject({ openedAt: 105, count: 1 });
});

test("a debounced start waits, and each further one puts it off, but not past the longest time", () => {
  const asked = { id: "w", waitMs: 100, maxWaitMs: 250, leading: false, trailing: true };
  expect(debounce(asked, undefined, { waits: false, now: 0 })).toEqual({ kind: "wait", due: 100, openedAt: 0 });
  expect(debounce(asked, row({}), { waits: true, now: 90 })).toEqual({ kind: "renew", run: "r", due: 190 });
  expect(debounce(asked, row({}), { waits: true, now: 240 })).toEqual({ kind: "renew", run: "r", due: 250 });
  expect(debounce(asked, row({}), { waits: false, now: 90 })).toEqual({ kind: "wait", due: 190, openedAt: 90 });
});

test("the leading edge begins at once; what follows waits, or is nothing where there is no trailing edge", () => {
  const asked = { id: "w", waitMs: 100, leading: true, trailing: true };
  const led = row({ count: 0 });
  expect(debounce(asked, undefined, { waits: false, now: 0 })).toEqual({ kind: "begin", until: 100 });
  expect(debounce(asked, led, { waits: false, now: 50 })).toEqual({ kind: "wait", due: 150, openedAt: 0 });
  expect(debounce(asked, led, { waits: false, now: 100 })).toEqual({ kind: "begin", until: 200 });
  const alone = { ...asked, trailing: false };
  expect(debounce(alone, led, { waits: false, now: 50 })).toEqual({ kind: "ignore", run: "r", until: 150 });
});

test("a batch is full by number or by size, and its input is the list", () => {
  const batch = { id: "w", size: 3, waitMs: 1, bytesMax: 10 };
  expect([isFull(batch, { count: 2, bytes: 9 }), isFull(batch, { count: 3, bytes: 0 })]).toEqual([false, true]);
  expect(isFull(batch, { count: 1, bytes: 10 })).toBe(true);
  expect(decodeValue(gathered([encodeValue("a"), encodeValue(undefined)]))).toEqual(["a", undefined]);
});
