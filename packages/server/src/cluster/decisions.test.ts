// Where somebody has to decide: what became of a write that nobody answered for, and with a second factor whether a plan is applied.
import { describe, expect, test } from "bun:test";
import { status } from "@sluice/core/cluster/double";
import { identityLimits } from "@sluice/core/identity";
import { URI } from "otpauth";
import { password, signIn } from "../routes/identity-fixture.suite.ts";
import { ClusterRig, configMap } from "./cluster-rig.suite.ts";

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
