import { expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { encodeBlobRef } from "../../kernel/blob-ref.ts";
import { Fixture, by, op } from "./fixture.suite.ts";

test("blobs are in use wherever a value stands", async () => {
  const f = new Fixture();
  const hashes: string[] = [];
  const blob = () => {
    const hash = (hashes.length + 16).toString(16).repeat(32);
    hashes.push(hash);
    return encodeBlobRef(hash);
  };
  await f.hot("a", { input: blob() });
  await f.append(
    "a",
    { op: "done", kind: "step", seq: 0, name: "s", n: 0, at: 1, attempt: 1, value: blob() },
    { op: "done", kind: "step", seq: 1, name: "s", n: 1, at: 1, attempt: 1, error: blob() },
    { op: "approval", seq: 2, name: "ok?", n: 0, token: "t", data: blob() },
    { op: "state", seq: 3, name: "global:set:k", key: "k", n: 0, scope: "global", verb: "set", value: blob() },
    { op: "emit", seq: 4, name: "x", n: 0, payload: blob(), content: encodeValue(1) },
    { op: "progress", value: blob(), at: 1 },
    op.token(5, "u"),
  );
  await f.store.completeToken({ by, token: "u", kind: "callback", value: blob(), now: 1000 });
  await f.append("a", { op: "undoing", status: "failed", error: blob() });
  const inUse = await f.store.blobsInUse({ blobs: ["ff".repeat(32), ...hashes] });
  expect(inUse.toSorted()).toEqual(hashes.toSorted());
  await f.append("a", { op: "finish", status: "failed", error: blob() });
  await f.store.deleteRuns({ by, runs: ["a"], now: 1000 });
  const shared = await f.store.blobsInUse({ blobs: hashes });
  expect(shared.toSorted()).toEqual([hashes[4]!, hashes[5]!]);
});
