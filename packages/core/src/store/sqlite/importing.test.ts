import { expect, test } from "bun:test";
import { encodeBlobRef } from "../../kernel/blob-ref.ts";
import { ada, start, value } from "../run-store.fixture.suite.ts";
import { withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();
const hash = "ab".repeat(32);

test("blobs that history names are kept while it is there, and nothing of it stays behind", () => {
  const run = {
    id: "r1",
    workflow: "order",
    version: "v1",
    input: encodeBlobRef(hash),
    priority: 0,
    tags: ["t"],
    createdAt: start,
    dueAt: start,
    status: "completed",
    endedAt: start + 5,
    attempt: 1,
    generation: 0,
  } as const;
  const logs = [{ line: 1, level: "info", message: "one", data: value(1), at: start }] as const;
  const answer = bench.on.verb("importRun", { by: ada, run, journal: [], logs, now: start + 9 });
  expect(answer).toMatchObject({ outcome: "created", run: { status: "completed", by: { kind: "import" } } });
  expect(bench.on.column("SELECT owner FROM blob_refs")).toEqual(["r1"]);
  bench.on.verb("deleteRuns", { by: ada, runs: ["r1"], now: start + 9 });
  for (const table of ["blob_refs", "run_logs", "run_tags", "runs"])
    expect(bench.on.column(`SELECT count(*) FROM ${table}`)).toEqual([0]);
});
