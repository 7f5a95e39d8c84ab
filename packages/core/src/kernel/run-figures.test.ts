import { expect, test } from "bun:test";
import { bucketMs, bucketOf } from "./duration-buckets.ts";
import { hourMs, nominalAtOf, scheduledTag, statisticsOf } from "./run-figures.ts";
import type { CountedRuns } from "./run-figures.ts";

const row = (hour: number, status: CountedRuns["status"], more: Partial<CountedRuns> = {}): CountedRuns => {
  return { workflow: "order", hour, status, count: 1, buckets: status === "created" ? [] : [bucketOf(10), 1], ...more };
};

test("counts of any order are summed up by the hour, together or each workflow by itself", () => {
  const rows = [
    row(7, "failed"),
    row(5, "created", { count: 3 }),
    row(7, "completed", { workflow: "billing", count: 9, buckets: [bucketOf(10), 1, bucketOf(900), 8] }),
  ];
  const none = { created: 0, completed: 0, failed: 0, cancelled: 0, timedout: 0 };
  const [all] = statisticsOf(rows, false);
  const long = { p50Ms: bucketMs(bucketOf(900)), p95Ms: bucketMs(bucketOf(900)) };
  expect(all).toEqual({
    total: { ...none, created: 3, completed: 9, failed: 1, ...long },
    hours: [
      { at: 5 * hourMs, ...none, created: 3 },
      { at: 7 * hourMs, ...none, completed: 9, failed: 1, ...long },
    ],
  });
  expect(statisticsOf(rows, true).map(({ workflow, total }) => [workflow, total.failed, total.p50Ms])).toEqual([
    ["billing", 0, long.p50Ms],
    ["order", 1, bucketMs(bucketOf(10))],
  ]);
  expect(statisticsOf([], false)).toEqual([{ total: none, hours: [] }]);
  expect(statisticsOf([], true)).toEqual([]);
});

test("tags of schedules sort as their times do, and say them back", () => {
  const times = [0, 1, 999, 1_700_000_000_000, 1_700_000_000_001, Date.UTC(9999, 0)];
  expect(times.map(scheduledTag).toSorted().map(nominalAtOf)).toEqual(times);
  for (const tag of [
    "scheduled:now",
    "scheduled:2023-12-01",
    "scheduled:",
    "x",
    "Scheduled:1970-01-01T00:00:00.000Z",
  ]) {
    expect(nominalAtOf(tag)).toBeUndefined();
  }
});
