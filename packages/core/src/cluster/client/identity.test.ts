import { expect, test } from "bun:test";
import { doubleBench } from "../double/bench.suite.ts";
import { sha256 } from "../memory-ports.suite.ts";
import { identityChange, readIdentity } from "./identity.ts";

test("a cluster is its server, its authority and the UID of kube-system", async () => {
  await using bench = doubleBench();
  const found = await readIdentity(bench.resources, sha256);
  const uid = bench.double.get("Namespace", "kube-system", "")?.metadata.uid;
  expect(found).toEqual({ ok: true, value: { server: bench.double.url, ca: "", uid: uid ?? "" } });
  bench.double.drop("Namespace", "kube-system", "");
  expect(await readIdentity(bench.resources, sha256)).toMatchObject({ error: { code: "cluster_denied" } });
});

test("kubernetes#123352: a name that means another cluster than last time is refused, with what has changed", () => {
  const known = { server: "https://a", ca: "1", uid: "u" };
  expect(identityChange("main", known, { ...known })).toBeUndefined();
  for (const part of ["server", "ca", "uid"] as const) {
    expect(identityChange("main", known, { ...known, [part]: "other" })).toMatchObject({
      code: "cluster_identity_changed",
      details: { changed: [part] },
      hint: expect.stringContaining("--accept-identity"),
    });
  }
});
