// Reading a mesh: kinds that the cluster has not are left out, and nothing of a secret comes along but its certificates.
import { expect, test } from "bun:test";
import { doubleBench } from "../double/bench.suite.ts";
import { shopMesh } from "./mesh-double.suite.ts";
import { bare, readConfiguration } from "./read.ts";

test("what is read has no values of secrets in it, and a cluster without a kind is no failure", async () => {
  await using bench = doubleBench();
  shopMesh(bench.double);
  const data = { "tls.crt": "cHVibGlj", "tls.key": "c2VjcmV0", password: "c2VjcmV0" };
  bench.double.put({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "s", namespace: "shop", annotations: { last: "c2VjcmV0" } },
    type: "kubernetes.io/tls",
    data,
  });
  const read = await readConfiguration(bench.resources);
  expect(read.ok && JSON.stringify(read.value)).not.toContain("c2VjcmV0");
  const secret = (read.ok ? read.value : []).find(({ kind }) => kind === "Secret");
  expect(secret?.["data"]).toEqual({ "tls.crt": "cHVibGlj", "tls.key": "(secret)", password: "(secret)" });
  expect(bare({ apiVersion: "v1", kind: "Pod", metadata: { name: "p", managedFields: [] } }).metadata).toEqual({
    name: "p",
  });
});

test("a cluster that does not answer is one", async () => {
  await using bench = doubleBench({ retriesMax: 0 });
  bench.double.fault = ({ kind }) => (kind === "Pod" ? new Response("", { status: 503 }) : undefined);
  expect(await readConfiguration(bench.resources)).toMatchObject({ ok: false });
});
