// What the rules of blobs in scopes do with their rows, apart from any adapter.
import { expect, test } from "bun:test";
import { start } from "../run-store.fixture.suite.ts";
import { MemoryBlobScopeRows } from "../memory/blob-scopes/memory-blob-scopes.ts";
import { blobScopeVerbs, heldIn } from "./blob-scopes.ts";

const kept = { by: "tkn_1", scope: "main", hash: "aa", bytes: 1 };

test("a clock that was set back makes nothing older", () => {
  const rows = new MemoryBlobScopeRows(() => false);
  blobScopeVerbs.keepBlob(rows, { ...kept, now: start });
  blobScopeVerbs.keepBlob(rows, { ...kept, now: start - 100 });
  blobScopeVerbs.useBlobs(rows, { blobs: [kept], now: start - 200 });
  expect(rows.held("aa", "main")?.usedAt).toBe(start);
});

test("rows come in the order asked for, each once for each blob and scope", () => {
  const rows = new MemoryBlobScopeRows(() => false);
  for (const scope of ["main", "pr-1"]) blobScopeVerbs.keepBlob(rows, { ...kept, scope, now: start });
  blobScopeVerbs.keepBlob(rows, { ...kept, hash: "bb", now: start });
  const found = heldIn(rows, { hashes: ["bb", "cc", "aa"], scopes: ["pr-1", "main"] });
  expect(found.map(({ hash, scope }) => `${hash} ${scope}`)).toEqual(["bb main", "aa pr-1", "aa main"]);
});

test("what a build names is not let go of", () => {
  let named = true;
  const rows = new MemoryBlobScopeRows(() => named);
  blobScopeVerbs.keepBlob(rows, { ...kept, now: start });
  const drop = () => blobScopeVerbs.dropBlobs(rows, { usedBefore: start + 1, limit: 10 }).dropped;
  expect(drop()).toBe(0);
  named = false;
  expect([drop(), rows.has("aa")]).toEqual([1, false]);
});
