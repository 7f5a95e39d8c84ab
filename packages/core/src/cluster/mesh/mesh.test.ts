// The mesh of a cluster as the room has it: looked at, analysed with what might come, and begun only where it can be.
import { expect, test } from "bun:test";
import { Room } from "../room.suite.ts";
import { shopMesh, webRoutes } from "./mesh-double.suite.ts";

const by = { kind: "user", id: "ada" } as const;
const upgrade = {
  cluster: "main",
  from: "one",
  to: "two",
  tag: "default",
  component: null,
  prometheus: null,
  checks: [],
  settleMs: 0,
  approval: "other" as const,
};

test("state and analysis are those of the cluster; manifests count as if they were there", async () => {
  await using room = new Room();
  await room.add();
  shopMesh(room.double);
  const { mesh } = room.clusters;
  expect(await mesh.state("main")).toMatchObject({
    value: { problems: [], revisions: [{ name: "one" }, { name: "two" }] },
  });
  expect(await mesh.state("none")).toMatchObject({ error: { code: "cluster_not_found" } });
  const asked = { cluster: "main", namespace: undefined, manifests: undefined };
  expect(await mesh.analysis(asked)).toMatchObject({ ok: true, value: [] });
  const withRoutes = await mesh.analysis({ ...asked, manifests: JSON.stringify(webRoutes) });
  expect(withRoutes.ok && withRoutes.value.map(({ code }) => code)).toEqual(["IST0101", "IST0101"]);
  expect(await mesh.analysis({ ...asked, namespace: "billing", manifests: JSON.stringify(webRoutes) })).toMatchObject({
    value: [],
  });
  expect(await mesh.analysis({ ...asked, manifests: "a: [" })).toMatchObject({ error: { code: "invalid_manifest" } });
  room.double.mayImpersonate = false;
  const denied = await mesh.analysis(asked);
  expect(denied.ok && denied.value.map(({ code }) => code)).toEqual(["IST0141", "IST0141", "IST0141"]);
});

test("an upgrade and a canary begin where they can, and say why where they cannot", async () => {
  await using room = new Room();
  await room.add();
  shopMesh(room.double).double.put(webRoutes);
  const { mesh } = room.clusters;
  expect(await mesh.beginUpgrade({ by, person: "ada", request: upgrade })).toMatchObject({
    value: expect.stringMatching(/^run_/),
  });
  expect(await mesh.beginUpgrade({ by, person: "ada", request: { ...upgrade, from: "gone" } })).toMatchObject({
    error: { code: "not_ready" },
  });
  const canary = {
    cluster: "main",
    namespace: "shop",
    virtualService: "web",
    host: "web",
    stable: { subset: "stable" },
    canary: { subset: "canary" },
    weights: [10],
    mirror: false,
    checks: [],
    intervalMs: 1,
    looks: 1,
    failuresMax: 0,
    promotion: "automatic" as const,
  };
  expect(await mesh.beginCanary({ by, person: "ada", request: canary })).toMatchObject({ ok: true });
  expect(await mesh.beginCanary({ by, person: "ada", request: { ...canary, host: "other" } })).toMatchObject({
    error: { code: "not_ready" },
  });
  expect(await mesh.figures(upgrade)).toEqual({ ok: true, value: [] });
});
