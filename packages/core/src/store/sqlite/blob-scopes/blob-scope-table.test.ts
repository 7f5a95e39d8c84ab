// The table of blobs in scopes: only builds keep a blob in a scope, whatever else names the same bytes.
import { expect, test } from "bun:test";
import { start } from "../../run-store.fixture.suite.ts";
import { withBench } from "../sqlite-store.fixture.suite.ts";

const bench = withBench();

test("a row goes when it is old, although a run has the same bytes, and stays while a build names them", () => {
  const { blobScopes, builds } = bench.on.t;
  const row = { scope: "main", bytes: 1, by: "ada", usedAt: start };
  for (const hash of ["aa", "bb"]) blobScopes.put({ ...row, hash });
  bench.on.t.db.run("INSERT INTO blob_refs (hash, owner) VALUES ('aa', 'run_1'), ('aa', 'event 1')");
  builds.nameBlobs("bld_1", ["bb", "bb"]);
  expect(blobScopes.dropUnused(start + 1, 10)).toBe(1);
  expect([blobScopes.held("aa", "main"), blobScopes.held("bb", "main")]).toEqual([undefined, { ...row, hash: "bb" }]);
  builds.deleteBuild("bld_1");
  expect(blobScopes.dropUnused(start + 1, 10)).toBe(1);
});
