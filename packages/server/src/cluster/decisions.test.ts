// Where somebody has to decide: what became of a write that nobody answered for, and with a second factor whether a plan is applied.
import { describe, expect, test } from "bun:test";
import { status } from "@sluice/core/cluster/double";
import { identityLimits } from "@sluice/core/identity";
import { URI } from "otpauth";
import { password, signIn } from "../routes/identity-fixture.suite.ts";
import { ClusterRig, configMap, kubeconfig } from "./cluster-rig.suite.ts";

const hasty = { operationAttemptsMax: 2, operationDelayMs: 1, operationDelayMsMax: 1, retriesMax: 0, retryDelayMs: 1 };

/** Looks between turns of the event loop. */
async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A component that was applied, and an operation whose writes the cluster no longer answers. */
async function cutOff(rig: ClusterRig) {
  await rig.component("web", { "conf.json": configMap("conf", { a: "1" }) });
  await rig.apply("web");
  rig.write("web/conf.json", configMap("conf", { a: "2" }));
  let away = true;
  rig.double.fault = ({ method, query }) =>
    away && method === "PATCH" && !query.has("dryRun") && query.get("fieldManager") === "sluice-web"
      ? status(500, "InternalError", "etcd is away")
      : undefined;
  const operation = await rig.begin("web");
  const asked = await until(async () => {
    const { approvals } = (await rig.fixture.send("/api/v1/approvals")).body;
    return approvals[0] as { token: string; name: string; description: string; run: string } | undefined;
  });
  const decide = (approved: boolean) => rig.fixture.post(`/api/v1/approvals/${asked.token}`, { approved });
  return { operation, asked, decide, back: () => void (away = false) };
}

describe("an operation whose outcome nobody knows", () => {
  test("waits for somebody, says so, and goes on by looking when they approve", async () => {
    await using rig = await ClusterRig.make({ clusterLimits: hasty });
    const { operation, asked, decide, back } = await cutOff(rig);
    expect(asked).toMatchObject({
      run: operation.run,
      name: "apply wave 1: the outcome is unknown",
      description: expect.stringContaining("etcd is away"),
    });
    expect((await rig.ask("getOperation", [operation.id])).body.operation.status).toBe("running");
    back();
    expect((await decide(true)).status).toBeLessThan(300);
    expect(await rig.ended(operation)).toMatchObject({ status: "completed", reason: null });
    expect(rig.double.get("ConfigMap", "conf")?.["data"]).toEqual({ a: "2" });
  });

  test("is taken back when they deny", async () => {
    await using rig = await ClusterRig.make({ clusterLimits: hasty });
    const { operation, decide, back } = await cutOff(rig);
    back();
    expect((await decide(false)).status).toBeLessThan(300);
    expect(await rig.ended(operation)).toMatchObject({ status: "failed" });
    expect(rig.double.get("ConfigMap", "conf")?.["data"]).toEqual({ a: "1" });
  });
});

test("a plan is approved in a session with a recent second factor where one is set, and never with a token of theirs", async () => {
  await using rig = await ClusterRig.make({
    identity: { totp: true, limits: { ...identityLimits, secondFactorMs: 0 } },
    http: { limits: { signInsPerMinuteMax: 0 } },
  });
  await rig.component("web", { "conf.json": configMap("conf", {}) }, { policy: { approval: "other" } });
  const plan = await rig.plan("web");
  const { identity } = rig.fixture;
  await identity.users.create(identity.everyone({}), { name: "ada", roles: ["admin"], password });
  const ada = await signIn(rig.fixture, "ada");
  const { body } = await ada.send("POST", "/api/v1/auth/totp", { password });
  const totp = URI.parse(body.uri as string);
  const codeAt = (timestamp: number) => (totp as { generate(p: object): string }).generate({ timestamp });
  const confirmed = await ada.send("PUT", "/api/v1/auth/totp", { code: codeAt(Date.now()) });
  const [recovery] = confirmed.body.recoveryCodes as string[];
  const token = (await ada.send("POST", "/api/v1/tokens", { name: "t", role: "operator" })).body.token as string;
  const approve = (more: object) => ada.send("POST", `/api/v1/plans/${plan.id}/approve`, { hash: plan.hash, ...more });
  const headers = { authorization: `Bearer ${token}` };
  const byToken = await rig.ask("approvePlan", [plan.id], { body: { hash: plan.hash, code: recovery }, headers });
  expect([byToken.status, byToken.body.error.code]).toEqual([403, "forbidden"]);
  expect((await approve({})).body.error.code).toBe("second_factor_required");
  expect((await approve({ code: "000000" })).body.error.code).toBe("sign_in_failed");
  expect((await approve({ code: recovery })).body.plan.status).toBe("approved");
});

describe("in the name of the person", () => {
  test("plans and operations ask the cluster, which decides; what is the server's own it does as itself", async () => {
    await using rig = await ClusterRig.make({ http: { limits: { signInsPerMinuteMax: 0 } } });
    const again = { name: "main", kubeconfig: kubeconfig(rig.double.url), impersonate: true };
    expect((await rig.ask("addCluster", [], { body: again })).body.error).toMatchObject({
      code: "cluster_denied",
      message: expect.stringContaining("may not act for others"),
    });
    rig.double.mayImpersonate = true;
    expect((await rig.ask("addCluster", [], { body: again })).body.cluster.impersonate).toBe(true);
    await rig.component("web", { "conf.json": configMap("conf", { a: "1" }) });
    const { identity } = rig.fixture;
    await identity.users.create(identity.everyone({}), { name: "ada", roles: ["admin"], password });
    const ada = await signIn(rig.fixture, "ada");
    rig.double.requests.length = 0;
    const { plan } = (await ada.send("POST", "/api/v1/components/web/plans", {})).body;
    const { operation } = (await ada.send("POST", `/api/v1/plans/${plan.id}/apply`, { hash: plan.hash })).body;
    expect(operation).toMatchObject({ as: "ada" });
    await rig.fixture.engine.ended(operation.run);
    const written = rig.double.requests.filter(({ method }) => method === "PATCH");
    const names = (kept: boolean) => [
      ...new Set(written.filter(({ as }) => (as === "ada") === kept).map(({ name }) => name)),
    ];
    expect(names(true)).toEqual(["conf"]);
    expect(names(false)).toEqual(["sluice-epoch", "sluice-epochs", "sluice-epochs-probe"]);
    rig.double.fault = ({ as, method }) =>
      as === "ada" && method === "PATCH" ? status(403, "Forbidden", "ada may not") : undefined;
    rig.write("web/conf.json", configMap("conf", { a: "2" }));
    const refused = (await ada.send("POST", "/api/v1/components/web/plans", {})).body.plan;
    expect(refused.violations).toMatchObject([{ rule: "rejected", message: expect.stringContaining("ada may not") }]);
  });

  test("a kubeconfig that acts for somebody already is refused", async () => {
    await using rig = await ClusterRig.make();
    const text = kubeconfig(rig.double.url).replace('"token":"t"', '"token":"t","as":"eve"');
    const body = { name: "other", kubeconfig: text, impersonate: true };
    expect((await rig.ask("addCluster", [], { body })).body.error.code).toBe("invalid_kubeconfig");
  });
});

describe("what a plan could not show", () => {
  const shop = JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
  const inShop = JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "conf", namespace: "shop" } });
  const made = async (rig: ClusterRig) => {
    await rig.component("web", { "shop.json": shop, "conf.json": inShop }, { policy: { approval: "other" } });
    const plan = await rig.plan("web");
    expect(plan.unknown).toEqual(["ConfigMap shop/conf"]);
    const { token } = (await rig.fixture.post("/api/v1/tokens", { name: "bob", role: "operator" })).body;
    const headers = { authorization: `Bearer ${token}` };
    const approve = (of: { id: string; hash: string }, more: object = { headers }) =>
      rig.ask("approvePlan", [of.id], { body: { hash: of.hash }, ...more });
    expect((await approve(plan)).status).toBe(200);
    const { operation } = (await rig.ask("applyPlan", [plan.id], { body: { hash: plan.hash } })).body;
    const known = () =>
      until(async () => {
        const { plans } = (await rig.ask("listPlans", ["web"])).body;
        return (plans as { id: string; hash: string; kind: string }[]).find(({ kind }) => kind === "known");
      });
    return { operation, approve, known };
  };

  test("is approved once it is known, by somebody else, and the operation waits for that", async () => {
    await using rig = await ClusterRig.make();
    const { operation, approve, known } = await made(rig);
    const plan = await known();
    expect(plan).toMatchObject({ changes: [{ key: "ConfigMap shop/conf", action: "create" }], unknown: [] });
    expect(rig.double.get("Namespace", "shop", "")).toBeDefined();
    expect((await approve(plan, {})).body.error.code).toBe("requester_may_not_decide");
    const apart = await rig.ask("applyPlan", [plan.id], { body: { hash: plan.hash } });
    expect(apart.body.error.code).toBe("plan_stale");
    expect(rig.double.get("ConfigMap", "conf", "shop")).toBeUndefined();
    expect((await approve(plan)).status).toBe(200);
    expect(await rig.ended(operation)).toMatchObject({ status: "completed" });
    expect(rig.double.get("ConfigMap", "conf", "shop")).toBeDefined();
  });

  test("that has changed since it was known and approved is not written", async () => {
    await using rig = await ClusterRig.make();
    const { operation, approve, known } = await made(rig);
    const plan = await known();
    rig.double.put({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "conf", namespace: "shop" },
      data: { a: "theirs" },
    });
    expect((await approve(plan)).status).toBe(200);
    expect(await rig.ended(operation)).toMatchObject({
      status: "failed",
      reason: expect.stringContaining("somebody else"),
    });
    expect(rig.double.get("ConfigMap", "conf", "shop")?.["data"]).toEqual({ a: "theirs" });
  });
});
