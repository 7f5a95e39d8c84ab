import { expect, test } from "bun:test";
import type { StoreStats } from "../kernel/run-store.ts";
import { EventQuota } from "./event-quota.ts";

function storeWith(counts: readonly number[]): { stats: () => Promise<StoreStats> } {
  const left = [...counts];
  return { stats: async () => ({ runs: {}, ready: 0, timers: 0, events: left.shift() ?? 0, bytes: 0, held: {} }) };
}

test("takes events up to the limit, and names it and the setting beyond", async () => {
  const quota = new EventQuota(storeWith([2]), { eventsMax: 3 });
  await quota.refresh();
  expect(quota.refusal).toBeUndefined();
  quota.added(1);
  expect(quota.refusal).toMatchObject({
    code: "events_full",
    message: expect.stringMatching(/3.*eventsMax/),
    hint: expect.stringContaining("limits.eventsMax"),
  });
});

test("has room again when the store holds fewer", async () => {
  const quota = new EventQuota(storeWith([3, 1]), { eventsMax: 3 });
  await quota.refresh();
  expect(quota.refusal).toBeDefined();
  await quota.refresh();
  expect(quota.refusal).toBeUndefined();
});
