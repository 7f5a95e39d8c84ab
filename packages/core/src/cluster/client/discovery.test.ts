import { expect, test } from "bun:test";
import { doubleBench } from "../double/bench.suite.ts";
import { Discovery, pathOf } from "./discovery.ts";

test("kinds are found by version and by group, with their URLs", async () => {
  await using bench = doubleBench();
  const discovery = new Discovery(bench.resources.client);
  const found = await discovery.find("apps/v1", "Deployment");
  expect(found).toMatchObject({ value: { plural: "deployments", namespaced: true, subresources: ["scale"] } });
  if (!found.ok) throw new Error("not found");
  expect(pathOf(found.value, { namespace: "a b", name: "x", subresource: "scale" })).toBe(
    "/apis/apps/v1/namespaces/a%20b/deployments/x/scale",
  );
  expect(pathOf(found.value)).toBe("/apis/apps/v1/deployments");
  const namespace = await discovery.ofKind("", "Namespace");
  expect(namespace.ok && pathOf(namespace.value, { namespace: "ignored", name: "n" })).toBe("/api/v1/namespaces/n");
});

test("a kind that came later is found, one that there is not has a reason, and knowing them costs nothing", async () => {
  await using bench = doubleBench();
  const { client } = bench.resources;
  const discovery = new Discovery(client);
  await discovery.all();
  const asked = bench.double.requests.length;
  await discovery.find("v1", "Pod");
  expect(bench.double.requests.length).toBe(asked);
  bench.double.addType({ apiVersion: "a.b/v1", kind: "New", plural: "news", namespaced: false });
  await client.pause(2_000);
  expect(await discovery.find("a.b/v1", "New")).toMatchObject({ ok: true });
  expect(await discovery.find("a.b/v2", "New")).toMatchObject({ error: { code: "unknown_kind" } });
});

test("what could not be read is read by whoever asks next", async () => {
  await using bench = doubleBench({ retriesMax: 1 });
  const discovery = new Discovery(bench.resources.client);
  bench.double.fault = () => new Response("{}", { status: 500 });
  expect(await discovery.find("v1", "Pod")).toMatchObject({ error: { code: "cluster_unreachable" } });
  bench.double.fault = () => undefined;
  expect(await discovery.find("v1", "Pod")).toMatchObject({ ok: true });
});

test("older servers are read list by list", async () => {
  await using bench = doubleBench();
  const lists: Record<string, object> = {
    "/api": { versions: ["v1"] },
    "/apis": { groups: [{ name: "apps", versions: [{ groupVersion: "apps/v1" }] }] },
    "/api/v1": {
      resources: [
        { name: "pods", kind: "Pod", namespaced: true, verbs: [] },
        { name: "pods/log", kind: "Pod" },
      ],
    },
    "/apis/apps/v1": { resources: [{ name: "deployments", kind: "Deployment", namespaced: true, verbs: ["get"] }] },
  };
  bench.double.fault = ({ path }) => Response.json(lists[path] ?? {});
  const all = await new Discovery(bench.resources.client).all();
  expect(all.ok && all.value.map(({ kind, subresources }) => [kind, subresources])).toEqual([
    ["Pod", ["log"]],
    ["Deployment", []],
  ]);
});
