// Reading again: never twice at once, always once more after the last wish.
import { expect, test } from "bun:test";
import { Refresher } from "./refresher.ts";

test("reads at once, then once more for everything that was asked for meanwhile", async () => {
  let reads = 0;
  let atOnce = 0;
  const second = Promise.withResolvers<void>();
  const refresher = new Refresher(async () => {
    reads++;
    expect(++atOnce).toBe(1);
    await Promise.resolve();
    atOnce--;
    if (reads === 2) second.resolve();
  }, 1);
  for (let times = 0; times < 20; times++) refresher.ask();
  expect(reads).toBe(1);
  await second.promise;
  refresher.stop();
  refresher.ask();
  expect(reads).toBe(2);
});
