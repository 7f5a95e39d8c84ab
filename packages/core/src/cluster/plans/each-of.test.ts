import { expect, test } from "bun:test";
import { eachOf } from "./each-of.ts";

test("answers keep the order of their items, and no more run at once than may", async () => {
  let running = 0;
  let most = 0;
  const answers = await eachOf([3, 1, 2, 0], 2, async (item) => {
    most = Math.max(most, ++running);
    for (let turn = 0; turn < item; turn++) await Promise.resolve();
    running--;
    return item * 10;
  });
  expect([answers, most]).toEqual([[30, 10, 20, 0], 2]);
  expect(await eachOf([], 2, async () => 1)).toEqual([]);
});
