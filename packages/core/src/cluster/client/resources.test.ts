import { describe, expect, test } from "bun:test";
import { doubleBench } from "../double/bench.suite.ts";
import { status } from "../double/api-double.suite.ts";
import type { KubeObject } from "../objects.ts";

const map = (name: string, data: object, meta: object = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default", ...meta },
  data,
});
const named = { apiVersion: "v1", kind: "ConfigMap", name: "a", namespace: "default" };

test("an object that is not there is undefined, one that is comes as it is", async () => {
  await using bench = doubleBench();
  expect(await bench.resources.get(named)).toEqual({ ok: true, value: undefined });
  bench.double.put(map("a", { x: "1" }));
  expect(await bench.resources.get(named)).toMatchObject({ value: { data: { x: "1" } } });
});

test("lists come in pages, by namespace, label and field, each item whole", async () => {
  await using bench = doubleBench({ listPageMax: 2 });
  for (const [index, name] of ["a", "b", "c", "d", "e"].entries()) {
    bench.double.put(map(name, {}, { labels: { odd: String(index % 2) } }));
  }
  const all = await bench.resources.list({ apiVersion: "v1", kind: "ConfigMap" });
  expect(all.ok && all.value.items.map(({ kind, metadata }) => kind + metadata.name)).toHaveLength(5);
  const odd = { apiVersion: "v1", kind: "ConfigMap", namespace: "default", labelSelector: "odd=1" };
  expect(await bench.resources.list(odd)).toMatchObject({
    value: { items: [{ kind: "ConfigMap" }, { apiVersion: "v1" }] },
  });
  const one = await bench.resources.list({ apiVersion: "v1", kind: "ConfigMap", fieldSelector: "metadata.name=c" });
  expect(one.ok && one.value.items.length).toBe(1);
});

test("a list whose pages expire is begun once more, and one that is too long is refused", async () => {
  await using bench = doubleBench({ listPageMax: 1, objectsMax: 3 });
  for (const name of ["a", "b"]) bench.double.put(map(name, {}));
  let expired = 0;
  bench.double.fault = ({ query }) =>
    query.get("continue") === "1" && expired++ === 0 ? status(410, "Expired", "too old") : undefined;
  const all = await bench.resources.list({ apiVersion: "v1", kind: "ConfigMap" });
  expect(all.ok && all.value.items.length).toBe(2);
  for (const name of ["c", "d"]) bench.double.put(map(name, {}));
  expect(await bench.resources.list({ apiVersion: "v1", kind: "ConfigMap" })).toMatchObject({
    error: { code: "payload_too_large" },
  });
});

describe("server-side apply", () => {
  test("creates, changes, and takes out what is no longer declared", async () => {
    await using bench = doubleBench();
    const apply = (data: object) => bench.resources.apply({ object: map("a", data), manager: "m" });
    expect(await apply({ x: "1", y: "2" })).toMatchObject({ value: { created: true } });
    expect(await apply({ x: "1" })).toMatchObject({ value: { created: false, object: { data: { x: "1" } } } });
    expect(bench.double.get("ConfigMap", "a")?.["data"]).toEqual({ x: "1" });
  });

  test("says who owns a field, and takes it when told to", async () => {
    await using bench = doubleBench();
    bench.double.put(map("a", { x: "theirs" }), "helm");
    const object = map("a", { x: "ours" });
    const refused = await bench.resources.apply({ object, manager: "m" });
    expect(refused).toMatchObject({
      error: { code: "cluster_conflict", details: { conflicts: [{ field: ".data.x", manager: "helm" }] } },
    });
    expect(await bench.resources.apply({ object, manager: "m", force: true })).toMatchObject({ ok: true });
  });

  test("changes nothing when it is dry, and nothing that is not the one that was seen", async () => {
    await using bench = doubleBench();
    expect(await bench.resources.apply({ object: map("a", { x: "1" }), manager: "m", dryRun: true })).toMatchObject({
      ok: true,
    });
    expect(bench.double.get("ConfigMap", "a")).toBeUndefined();
    const seen = bench.double.put(map("a", { x: "1" })).metadata;
    bench.double.touch("ConfigMap", "a", { data: { x: "2" } });
    const meta = { uid: seen.uid, resourceVersion: seen.resourceVersion };
    const late = await bench.resources.apply({ object: map("a", { y: "1" }, meta), manager: "m" });
    expect(late).toMatchObject({ error: { code: "cluster_conflict" } });
    const other = await bench.resources.apply({ object: map("a", { y: "1" }, { uid: "other" }), manager: "m" });
    expect(other).toMatchObject({ error: { code: "cluster_rejected" } });
  });
});

test("patches and scales", async () => {
  await using bench = doubleBench();
  bench.double.put(map("a", { x: "1", y: "2" }));
  expect(await bench.resources.patch(named, { type: "merge", patch: { data: { x: null } } })).toMatchObject({
    value: { data: { y: "2" } },
  });
  bench.double.put({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "default" },
    spec: { replicas: 2 },
  });
  const web = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
  expect(await bench.resources.scale(web)).toEqual({ ok: true, value: 2 });
  expect(await bench.resources.scale(web, 5)).toEqual({ ok: true, value: 5 });
  expect(bench.double.get("Deployment", "web")?.["spec"]).toEqual({ replicas: 5 });
});

test("removes what was seen and nothing else", async () => {
  await using bench = doubleBench();
  const { uid } = bench.double.put(map("a", {})).metadata;
  expect(await bench.resources.remove(named, { uid: "other" })).toMatchObject({ error: { code: "cluster_conflict" } });
  expect(await bench.resources.remove(named, { uid, dryRun: true })).toEqual({ ok: true, value: "deleted" });
  expect(await bench.resources.remove(named, { uid })).toEqual({ ok: true, value: "deleted" });
  expect(await bench.resources.remove(named, { uid })).toEqual({ ok: true, value: "gone" });
});

test("logs and evictions go to their subresources", async () => {
  await using bench = doubleBench();
  const seen: string[] = [];
  bench.double.fault = ({ path, query }) => {
    if (path.endsWith("/log")) return new Response(`lines of ${query.get("container")}`);
    if (path.endsWith("/eviction")) seen.push(path);
    return path.endsWith("/eviction") ? status(429, "TooManyRequests", "budget") : undefined;
  };
  expect(await bench.resources.log({ namespace: "default", name: "p", container: "c", tailLines: 3 })).toEqual({
    ok: true,
    value: "lines of c",
  });
  expect(await bench.resources.evict("default", "p")).toMatchObject({ error: { code: "cluster_busy" } });
  expect(seen.length).toBeGreaterThan(1);
});

test("what is no Kubernetes API is told so", async () => {
  await using bench = doubleBench();
  await bench.resources.discovery.all();
  bench.double.fault = () => Response.json({ hello: "proxy" });
  expect(await bench.resources.get(named)).toMatchObject({
    error: { code: "cluster_unreachable", message: expect.stringContaining("no Kubernetes API") },
  });
});
