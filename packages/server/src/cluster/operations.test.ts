// Operations from a plan to their end, as runs, over HTTP: what is applied, waited for, taken back, superseded and refused.
import { describe, expect, test } from "bun:test";
import { status } from "@sluice/core/cluster/double";
import { ClusterRig, configMap, deployment, kubeconfig } from "./cluster-rig.suite.ts";

describe("an operation", () => {
  test("brings a component to its cluster in waves, waits for it, and knows what it has", async () => {
    await using rig = await ClusterRig.make();
    await rig.component("web", { "app.json": deployment("web", "one"), "conf.json": configMap("conf", { a: "1" }) });
    const plan = await rig.plan("web");
    expect(plan).toMatchObject({ status: "approved", prune: [], unknown: [], violations: [] });
    expect(
      plan.changes.map((each: { key: string; action: string; wave: number }) => [each.key, each.action, each.wave]),
    ).toEqual([
      ["Deployment.apps default/web", "create", 2],
      ["ConfigMap default/conf", "create", 1],
    ]);
    const done = await rig.apply("web");
    expect(done).toMatchObject({ status: "completed", epoch: 1, reason: null });
    expect(rig.double.get("Deployment", "web")?.metadata.annotations).toMatchObject({ "sluice.dev/epoch": "1" });
    const { component } = (await rig.ask("getComponent", ["web"])).body;
    expect(component).toMatchObject({
      version: 1,
      epoch: 1,
      objects: 2,
      health: { health: "Healthy", reconciled: "Current" },
    });
    const { run } = (await rig.ask("getRun", [done.run])).body;
    expect(run).toMatchObject({ status: "completed", output: { created: 2 } });
  });

  test("changes nothing when there is nothing to change", async () => {
    await using rig = await ClusterRig.make();
    await rig.component("web", { "conf.json": configMap("conf", { a: "1" }) });
    await rig.apply("web");
    const again = await rig.plan("web");
    expect(again.changes).toMatchObject([{ action: "unchanged", fields: [], risk: "low" }]);
    expect(await rig.apply("web")).toMatchObject({ status: "completed", epoch: 2 });
    expect(rig.double.get("ConfigMap", "conf")?.["data"]).toEqual({ a: "1" });
  });

  test("that fails applies what was declared before, removes what it has made, and says why", async () => {
    await using rig = await ClusterRig.make();
    await rig.component("web", { "app.json": deployment("web", "one"), "conf.json": configMap("conf", { a: "1" }) });
    await rig.apply("web");
    rig.write("web/app.json", deployment("web", "broken"));
    rig.write("web/conf.json", configMap("conf", { a: "2" }));
    rig.write("web/more.json", configMap("more", {}));
    const failed = await rig.apply("web");
    expect(failed).toMatchObject({ status: "failed", reason: expect.stringContaining("it takes too long") });
    expect(JSON.stringify(rig.double.get("Deployment", "web")?.["spec"])).toContain('"one"');
    expect(rig.double.get("ConfigMap", "conf")?.["data"]).toEqual({ a: "1" });
    expect(rig.double.get("ConfigMap", "more")).toBeUndefined();
    expect((await rig.ask("getComponent", ["web"])).body.component).toMatchObject({ version: 1 });
    expect((await rig.ask("getRun", [failed.run])).body.run.status).toBe("failed");
  });

  test("argo-cd#17314: a new intent takes the place of one that is stuck, whose writes no longer count", async () => {
    await using rig = await ClusterRig.make();
    await rig.component("web", { "app.json": deployment("web", "one") });
    await rig.apply("web");
    // The controller stands still: the operation waits.
    const { changed } = rig.double;
    rig.double.changed = () => undefined;
    rig.write("web/app.json", deployment("web", "two"));
    const stuck = await rig.begin("web");
    const waits = rig.fixture.engine;
    await waitFor(() => JSON.stringify(rig.double.get("Deployment", "web")?.["spec"]).includes('"two"'));
    rig.double.changed = changed;
    rig.write("web/app.json", deployment("web", "three"));
    const next = await rig.begin("web");
    expect(await rig.ended(next)).toMatchObject({ status: "completed", epoch: 3 });
    expect(await rig.ended(stuck)).toMatchObject({ status: "superseded", reason: expect.stringContaining(next.id) });
    expect(JSON.stringify(rig.double.get("Deployment", "web")?.["spec"])).toContain('"three"');
    expect(waits.hotRuns).toBe(0);
  });

  test("that was interrupted between observing and acting is refused by the cluster after a later one took over", async () => {
    await using rig = await ClusterRig.make();
    await rig.component("web", { "conf.json": configMap("conf", { a: "1" }) });
    await rig.apply("web");
    rig.write("web/conf.json", configMap("conf", { a: "old" }));
    const held = Promise.withResolvers<void>();
    let stopped = false;
    rig.double.fault = async ({ method, query }) => {
      if (stopped || method !== "PATCH" || query.get("fieldManager") !== "sluice-web") return undefined;
      if (query.has("dryRun")) return undefined;
      stopped = true;
      await held.promise;
      return undefined;
    };
    const first = await rig.begin("web");
    await waitFor(() => stopped);
    rig.write("web/conf.json", configMap("conf", { a: "new" }));
    expect(await rig.apply("web")).toMatchObject({ status: "completed" });
    held.resolve();
    expect(await rig.ended(first)).toMatchObject({ status: "superseded" });
    expect(rig.double.get("ConfigMap", "conf")?.["data"]).toEqual({ a: "new" });
  });

  test("is undone by applying the intent before it", async () => {
    await using rig = await ClusterRig.make();
    await rig.component("web", { "conf.json": configMap("conf", { a: "1" }) });
    const first = await rig.apply("web");
    rig.write("web/conf.json", configMap("conf", { a: "2" }));
    const second = await rig.apply("web");
    expect((await rig.ask("undoOperation", [first.id], { body: {} })).body.error.code).toBe("conflict");
    const undo = await rig.ask("undoOperation", [second.id], { body: {} });
    expect(await rig.ended(undo.body.operation)).toMatchObject({ status: "completed", kind: "undo" });
    expect(rig.double.get("ConfigMap", "conf")?.["data"]).toEqual({ a: "1" });
  });

  test("prunes what is no longer declared, and nothing that somebody made anew", async () => {
    await using rig = await ClusterRig.make();
    const files = {
      "a.json": configMap("a", {}),
      "b.json": configMap("b", {}),
      "c.json": configMap("c", {}),
      "d.json": configMap("d", {}),
    };
    await rig.component("web", files);
    await rig.apply("web");
    rig.double.drop("ConfigMap", "b");
    rig.double.put({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "b", namespace: "default" } });
    for (const name of ["a", "b"]) rig.write(`web/${name}.json`, "");
    expect((await rig.plan("web")).prune).toEqual(["ConfigMap default/a"]);
    expect(await rig.apply("web")).toMatchObject({ status: "completed" });
    expect([rig.double.get("ConfigMap", "a"), rig.double.get("ConfigMap", "b") === undefined]).toEqual([
      undefined,
      false,
    ]);
    for (const name of ["c", "d"]) rig.write(`web/${name}.json`, "");
    expect((await rig.plan("web")).violations).toMatchObject([
      { rule: "prune", message: expect.stringContaining("empty folder") },
    ]);
  });

  test("waits for a cluster that does not answer, and goes on when it does", async () => {
    await using rig = await ClusterRig.make();
    await rig.component("web", { "conf.json": configMap("conf", { a: "1" }) });
    let refused = 0;
    rig.double.fault = ({ method, query }) =>
      method === "PATCH" && !query.has("dryRun") && refused++ < 2
        ? status(500, "InternalError", "etcd is away")
        : undefined;
    expect(await rig.apply("web")).toMatchObject({ status: "completed" });
    expect(rig.double.get("ConfigMap", "conf")?.["data"]).toEqual({ a: "1" });
  });
});

describe("a plan", () => {
  test("is stale when something it is about has changed, and nothing is written", async () => {
    await using rig = await ClusterRig.make();
    await rig.component("web", { "conf.json": configMap("conf", { a: "1" }) });
    await rig.apply("web");
    rig.write("web/conf.json", configMap("conf", { a: "2" }));
    const plan = await rig.plan("web");
    rig.double.touch("ConfigMap", "conf", { data: { a: "somebody else" } });
    const { operation } = (await rig.ask("applyPlan", [plan.id], { body: { hash: plan.hash } })).body;
    expect(await rig.ended(operation)).toMatchObject({
      status: "failed",
      reason: expect.stringContaining("has changed since the plan was made"),
    });
  });

  test("is approved by its hash and by another person; it is applied once", async () => {
    await using rig = await ClusterRig.make();
    await rig.component("web", { "conf.json": configMap("conf", { a: "1" }) }, { policy: { approval: "other" } });
    const plan = await rig.plan("web");
    expect(plan.status).toBe("open");
    const early = await rig.ask("applyPlan", [plan.id], { body: { hash: plan.hash } });
    expect(early.body.error.code).toBe("plan_not_approved");
    const own = await rig.ask("approvePlan", [plan.id], { body: { hash: plan.hash } });
    expect(own.body.error.code).toBe("requester_may_not_decide");
    const other = (await rig.fixture.post("/api/v1/tokens", { name: "bob", role: "operator" })).body;
    const as = { authorization: `Bearer ${other.token}` };
    expect((await rig.ask("approvePlan", [plan.id], { body: { hash: "other" }, headers: as })).body.error.code).toBe(
      "plan_stale",
    );
    const approved = await rig.ask("approvePlan", [plan.id], { body: { hash: plan.hash }, headers: as });
    expect(approved.body.plan).toMatchObject({ status: "approved" });
    const first = (await rig.ask("applyPlan", [plan.id], { body: { hash: plan.hash } })).body.operation;
    const second = (await rig.ask("applyPlan", [plan.id], { body: { hash: plan.hash } })).body.operation;
    expect(second.id).toBe(first.id);
    expect(await rig.ended(first)).toMatchObject({ status: "completed" });
  });

  test("never shows a secret: not itself, not its run, not the audit trail, not a refusal", async () => {
    await using rig = await ClusterRig.make();
    const secret = JSON.stringify({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s" },
      stringData: { p: "hunter2-hunter2" },
    });
    await rig.component("web", { "s.json": secret });
    const plan = await rig.plan("web");
    expect(plan.changes[0].fields).toContainEqual({ path: ".stringData.p", after: "(secret)" });
    const done = await rig.apply("web");
    expect(done.status).toBe("completed");
    expect(JSON.stringify(rig.double.get("Secret", "s"))).toContain("hunter2-hunter2");
    rig.double.fault = ({ method, query }) =>
      method === "PATCH" && query.has("dryRun")
        ? status(422, "Invalid", 'Invalid value: "hunter2-hunter2"', [{ field: "data.p" }])
        : undefined;
    const refused = await rig.plan("web");
    expect(refused.violations).toMatchObject([{ rule: "rejected", message: expect.stringContaining("data.p") }]);
    const steps = (await rig.ask("listSteps", [done.run])).body;
    const audit = (await rig.ask("searchAudit")).body;
    const rows = [
      await rig.fixture.store.clusters.listPlans({ component: "web", limit: 9 }),
      plan,
      refused,
      steps,
      audit,
      rig.fixture.logs,
    ];
    expect(Bun.inspect(rows, { depth: 20 })).not.toContain("hunter2");
    for (const { content, intent } of await rig.fixture.store.clusters.listPlans({ component: "web", limit: 9 })) {
      expect(Buffer.from(content).toString("latin1") + Buffer.from(intent).toString("latin1")).not.toContain("hunter2");
    }
  });

  test("that breaks the policy is neither approved nor applied", async () => {
    await using rig = await ClusterRig.make();
    await rig.component(
      "web",
      { "conf.json": configMap("conf", {}) },
      { policy: { approval: "none", protectedKinds: ["ConfigMap"] } },
    );
    const plan = await rig.plan("web");
    expect(plan.violations).toMatchObject([{ rule: "protected-kinds" }]);
    const refused = await rig.ask("applyPlan", [plan.id], { body: { hash: plan.hash } });
    expect(refused.body.error).toMatchObject({
      code: "plan_refused",
      message: expect.stringContaining("protected-kinds"),
    });
  });

  test("marks what nobody can know: objects whose kind or namespace it makes itself", async () => {
    await using rig = await ClusterRig.make();
    const definition = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "news.a.b" },
      spec: { group: "a.b", scope: "Namespaced", names: { kind: "New", plural: "news" }, versions: [{ name: "v1" }] },
    };
    const own = { apiVersion: "a.b/v1", kind: "New", metadata: { name: "x" }, spec: { a: 1 } };
    await rig.component("web", { "d.json": JSON.stringify(definition), "x.json": JSON.stringify(own) });
    expect((await rig.plan("web")).unknown).toEqual(["New.a.b default/x"]);
    rig.write("web/d.json", "");
    expect((await rig.plan("web")).violations).toMatchObject([{ rule: "unknown-kind" }]);
  });
});

test("a cluster that became another is refused until somebody says that it is meant", async () => {
  await using rig = await ClusterRig.make();
  await rig.component("web", { "conf.json": configMap("conf", {}) });
  rig.double.drop("Namespace", "kube-system", "");
  rig.double.put({ apiVersion: "v1", kind: "Namespace", metadata: { name: "kube-system" } });
  expect((await rig.ask("createPlan", ["web"], { body: {} })).body.error.code).toBe("cluster_identity_changed");
  expect((await rig.ask("getClusterStatus", ["main"])).body).toMatchObject({
    reachable: false,
    reason: expect.stringContaining("another cluster"),
  });
  const again = { name: "main", kubeconfig: kubeconfig(rig.double.url) };
  expect((await rig.ask("addCluster", [], { body: again })).body.error.code).toBe("cluster_identity_changed");
  expect((await rig.ask("addCluster", [], { body: { ...again, acceptIdentity: true } })).status).toBe(200);
  expect((await rig.ask("createPlan", ["web"], { body: {} })).status).toBe(201);
});

test("a component that stands on another waits until that is healthy", async () => {
  await using rig = await ClusterRig.make();
  await rig.component("db", { "conf.json": configMap("db", {}) });
  await rig.component("web", { "conf.json": configMap("web", {}) }, { dependsOn: ["db"] });
  const plan = await rig.plan("web");
  expect((await rig.ask("applyPlan", [plan.id], { body: { hash: plan.hash } })).body.error.code).toBe("not_ready");
  await rig.apply("db");
  expect(await rig.apply("web")).toMatchObject({ status: "completed" });
});

/** Looks between turns of the event loop. */
async function waitFor(reached: () => boolean): Promise<void> {
  while (!reached()) await new Promise((resolve) => setImmediate(resolve));
}
