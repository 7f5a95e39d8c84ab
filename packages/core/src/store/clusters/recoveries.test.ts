// The rules of recoveries on their own; the adapters run the whole suite over them.
import { expect, test } from "bun:test";
import { MemoryClusterRows } from "../memory/clusters/clusters.ts";
import { recoveryVerbs } from "./recoveries.ts";

test("what there is not is not found, or is over", () => {
  const rows = new MemoryClusterRows();
  const by = { kind: "user", id: "ada" } as const;
  const [failover, now] = ["f", 1];
  expect(recoveryVerbs.noteReadiness(rows, { recovery: "x", readiness: new Uint8Array(), now })).toEqual({
    outcome: "not_found",
  });
  expect(recoveryVerbs.noteFailover(rows, { failover, state: new Uint8Array(), now })).toEqual({ outcome: "stale" });
  expect(recoveryVerbs.endFailover(rows, { failover, status: "failed", now })).toEqual({ outcome: "stale" });
  expect(recoveryVerbs.reviewFailover(rows, { by, failover, person: "bob", now })).toEqual({ outcome: "not_found" });
  expect(recoveryVerbs.beginFailover(rows, { by, failover, hash: "h", run: "r", now })).toEqual({
    outcome: "not_found",
  });
});
