import { expect, test } from "bun:test";
import { seenQueues } from "./queues.ts";

test("of queues one sees those of workflows one may see, and of them those workflows", () => {
  const mails = { name: "mails", paused: false, workflows: ["news", "order"], held: 0 };
  const other = { name: "other", paused: true, workflows: ["secret"], held: 3 };
  expect(seenQueues([mails, other], undefined)).toEqual([mails, other]);
  expect(seenQueues([mails, other], { workflows: ["order", "x*"] })).toEqual([{ ...mails, workflows: ["order"] }]);
  expect(seenQueues([mails, other], { workflows: [] })).toEqual([]);
});
