import { expect, test } from "bun:test";
import { bucketOf } from "../../../kernel/duration-buckets.ts";
import { hourMs } from "../../../kernel/run-figures.ts";
import { Tally } from "./tally.ts";

test("creations and ends are counted apart, ends by how long they took", () => {
  const tally = new Tally();
  tally.count("order", 5, { status: "created" });
  for (const durationMs of [10, 10, 500]) tally.count("order", hourMs + 5, { status: "failed", durationMs });
  expect([...tally.all()]).toEqual([
    { workflow: "order", hour: 0, status: "created", count: 1, buckets: [] },
    { workflow: "order", hour: 1, status: "failed", count: 3, buckets: [bucketOf(10), 2, bucketOf(500), 1] },
  ]);
  expect([tally.sweep(undefined, 9), tally.sweep(hourMs, 9), tally.sweep(hourMs, 9)]).toEqual([0, 1, 0]);
});
