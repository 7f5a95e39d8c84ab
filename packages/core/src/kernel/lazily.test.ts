import { expect, test } from "bun:test";
import { lazily } from "./lazily.ts";

test("is made at the first call, once, also for calls that overlap", async () => {
  let times = 0;
  const get = lazily(async () => {
    await Promise.resolve();
    return (times += 1);
  });
  expect(times).toBe(0);
  expect(await Promise.all([get(), get(), get()])).toEqual([1, 1, 1]);
  expect(await get()).toBe(1);
});

test("that failed is told to all who waited, and made anew for who comes next", async () => {
  let times = 0;
  const get = lazily(async () => {
    await Promise.resolve();
    times += 1;
    if (times === 1) throw new Error("the disk was full");
    return times;
  });
  const both = await Promise.allSettled([get(), get()]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await get()).toBe(2);
  expect(await get()).toBe(2);
});
