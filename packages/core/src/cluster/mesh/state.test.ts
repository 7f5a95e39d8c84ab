// What of a mesh is where: revisions, tags, proxies with why they are stale, and what somebody should look at.
import { expect, test } from "bun:test";
import { doubleBench } from "../double/bench.suite.ts";
import { shopMesh } from "./mesh-double.suite.ts";
import { readState, readSync } from "./read.ts";
import { meshState } from "./state.ts";

const how = { now: Date.now(), soonMs: 1_000 };

test("revisions have versions, tags and proxies; each proxy is of the revision that its namespace asks for", async () => {
  await using bench = doubleBench();
  const mesh = shopMesh(bench.double);
  const read = await readState(bench.resources);
  const state = meshState(read.ok ? read.value : [], how);
  expect(state.revisions).toEqual([
    { name: "one", version: "1.28.1", ready: true, tags: ["default"], proxies: 3 },
    { name: "two", version: "1.29.0", ready: true, tags: [], proxies: 0 },
  ]);
  expect(state.tags).toEqual([{ name: "default", revision: "one", namespaces: ["staging", "shop"] }]);
  expect(state.namespaces.find(({ name }) => name === "billing")).toMatchObject({
    asks: "one",
    revision: "one",
    mtls: "PERMISSIVE",
  });
  expect([state.validator, state.problems, state.proxies.map(({ stale }) => stale)]).toEqual([
    "one",
    [],
    [undefined, undefined, undefined],
  ]);
  mesh.tag("default", "two");
  const moved = await readState(bench.resources);
  const after = meshState(moved.ok ? moved.value : [], how);
  expect(after.proxies.map(({ namespace, stale }) => [namespace, stale])).toEqual([
    ["staging", "It is of one, and would be of two: restart it."],
    ["shop", "It is of one, and would be of two: restart it."],
    ["billing", undefined],
  ]);
  expect(after.problems).toEqual(["2 of 3 proxies are not as they should be."]);
});

test("istio#28880: a validating webhook left on a revision that is gone is a problem, and so is a tag", async () => {
  await using bench = doubleBench();
  shopMesh(bench.double);
  bench.double.drop("Deployment", "istiod-one", "istio-system");
  const read = await readState(bench.resources);
  const { problems, proxies } = meshState(read.ok ? read.value : [], how);
  expect(problems).toEqual([
    "The tag default leads to one, which is not installed.",
    "The webhook that validates configuration asks one, which is not installed: no change is let in.",
    "3 of 3 proxies are not as they should be.",
  ]);
  expect(proxies[0]?.stale).toBe("Its revision one is not installed.");
});

test("a proxy is stale when it is of another version, is not ready, or has not taken what was sent", async () => {
  await using bench = doubleBench();
  const mesh = shopMesh(bench.double);
  mesh.revision("one", "1.28.2");
  const { double } = bench;
  const pod = [...double.objects.values()].find(
    ({ kind, metadata }) => kind === "Pod" && metadata.namespace === "shop",
  );
  double.fault = ({ path }) =>
    path.includes("istiod-one:15014/proxy/debug/syncz")
      ? Response.json([
          {
            proxy: `${pod?.metadata.name}.shop`,
            cluster_sent: "2",
            cluster_acked: "1",
            route_sent: "1",
            route_acked: "1",
          },
        ])
      : undefined;
  const read = await readState(bench.resources);
  const objects = read.ok ? read.value : [];
  expect(meshState(objects, how).proxies[0]?.stale).toBe("It is 1.28.1, and one is 1.28.2: restart it.");
  mesh.revision("one", "1.28.1");
  double.touch(
    "Pod",
    pod?.metadata.name ?? "",
    { status: { containerStatuses: [{ name: "istio-proxy", ready: false }] } },
    "shop",
  );
  const again = await readState(bench.resources);
  const sync = await readSync(bench.resources, ["one", "two"]);
  const stale = (objectsNow: typeof objects, more: object) =>
    meshState(objectsNow, { ...how, ...more }).proxies.find(({ namespace }) => namespace === "shop")?.stale;
  expect(stale(again.ok ? again.value : [], {})).toBe("The proxy is not ready.");
  double.touch(
    "Pod",
    pod?.metadata.name ?? "",
    { status: { containerStatuses: [{ name: "istio-proxy", ready: true }] } },
    "shop",
  );
  const last = await readState(bench.resources);
  expect(stale(last.ok ? last.value : [], { sync })).toBe("It has not taken what one has sent: cluster.");
});
