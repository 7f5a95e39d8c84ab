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
