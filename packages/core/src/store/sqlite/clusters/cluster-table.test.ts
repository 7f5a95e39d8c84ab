import { expect, test } from "bun:test";
import { withBench } from "../sqlite-store.fixture.suite.ts";

const bench = withBench();

test("rows come back by kind and id, and only the last of many are kept", () => {
  const { clusters } = bench.on.t;
  for (const id of ["a 1", "a 2", "a 3"]) clusters.put("health", { id, seen: Uint8Array.of(1) }, { id, of: "a" });
  clusters.put("health", { id: "b 1", seen: Uint8Array.of(2) }, { id: "b 1", of: "b" });
  clusters.trim("health", { of: "a", keepMax: 2 });
  expect(clusters.list("health").map(({ id }) => id)).toEqual(["a 2", "a 3", "b 1"]);
  expect(clusters.list("health", { of: "a", limit: 1 }).map(({ id }) => id)).toEqual(["a 3"]);
  expect(clusters.get("health", "b 1")?.seen).toEqual(Uint8Array.of(2));
  expect(clusters.get("cluster", "b 1")).toBeUndefined();
});
