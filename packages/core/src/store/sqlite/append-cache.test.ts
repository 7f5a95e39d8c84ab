import { expect, test } from "bun:test";
import type { StoreOp } from "../../kernel/run-store.ts";
import { cacheName } from "../../kernel/step-cache.ts";
import { done, finish } from "../run-store.fixture.suite.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();
const cache = { scope: "workflow", key: "k", ttl: 1_000, flight: 1_000 } as const;
const ask: StoreOp = { op: "cache", seq: 0, name: "s", n: 0, cache };

test("a flight ends with its result, and its run leaves none behind", async () => {
  const { on } = bench;
  const { t } = on;
  for (const id of ["r1", "r2"]) on.hot(id);
  const name = cacheName("workflow:order", "s", "k");
  on.append("r1", ask);
  expect(t.stepCache.flight(name)).toEqual({ run: "r1", seq: 0 });
  on.append("r1", { ...(done(0, 1) as Extract<StoreOp, { op: "done" }>), name: "s", cache });
  expect(t.stepCache.flight(name)).toBeUndefined();
  on.append("r2", { ...ask, cache: { ...cache, key: "l" } });
  on.append("r2", finish());
  expect(t.stepCache.flightsOf("r2")).toEqual([]);
});
