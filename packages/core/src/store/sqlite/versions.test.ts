import { expect, test } from "bun:test";
import { start } from "../run-store.fixture.suite.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";
import { versionsInUseSql } from "./versions.ts";

const bench = withBench();

test("the versions in use are counted without looking at completed runs", () => {
  const plan = bench.on.db.query(`EXPLAIN QUERY PLAN ${versionsInUseSql}`).all() as { detail: string }[];
  expect(plan.map(({ detail }) => detail).join("\n")).toContain("runs_not_completed");
  bench.on.t.versions.put({ version: "v1", createdAt: start, manifest: new Uint8Array([1]) });
  bench.on.t.versions.put({ version: "v1", createdAt: start + 5, manifest: new Uint8Array([2]) });
  expect(bench.on.column("SELECT hex(manifest) || created_at FROM versions")).toEqual([`02${start}`]);
});
