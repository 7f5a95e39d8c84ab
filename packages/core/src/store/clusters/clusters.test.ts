// The rules of clusters on their own; the adapters run the whole suite over them.
import { expect, test } from "bun:test";
import { MemoryClusterRows } from "../memory/clusters/clusters.ts";
import { clusterVerbs } from "./clusters.ts";

test("an operation whose component is gone has nothing to end", () => {
  const rows = new MemoryClusterRows();
  const end = { operation: "op_1", status: "failed", now: 1 } as const;
  expect(clusterVerbs.endOperation(rows, end)).toEqual({ outcome: "not_found" });
  expect(clusterVerbs.noteHealth(rows, { component: "x", health: new Uint8Array(), keepMax: 1, now: 1 })).toEqual({
    outcome: "not_found",
  });
});

test("what there is not is not found, or is over", () => {
  const rows = new MemoryClusterRows();
  const by = { kind: "user", id: "ada" } as const;
  const [failover, now] = ["f", 1];
  expect(clusterVerbs.noteReadiness(rows, { recovery: "x", readiness: new Uint8Array(), now })).toEqual({
    outcome: "not_found",
  });
  expect(clusterVerbs.noteFailover(rows, { failover, state: new Uint8Array(), now })).toEqual({ outcome: "stale" });
  expect(clusterVerbs.endFailover(rows, { failover, status: "failed", now })).toEqual({ outcome: "stale" });
  expect(clusterVerbs.reviewFailover(rows, { by, failover, person: "bob", now })).toEqual({ outcome: "not_found" });
  expect(clusterVerbs.beginFailover(rows, { by, failover, hash: "h", run: "r", now })).toEqual({
    outcome: "not_found",
  });
});
