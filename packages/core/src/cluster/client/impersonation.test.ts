import { expect, test } from "bun:test";
import { accessTo, resourcesOf } from "../double/bench.suite.ts";
import { ApiDouble } from "../double/api-double.suite.ts";
import { mayImpersonate } from "./impersonation.ts";

test("acting for people is tried before it is relied on", async () => {
  await using double = new ApiDouble();
  const { client } = resourcesOf(accessTo(double.url));
  expect(await mayImpersonate(client)).toMatchObject({ ok: false, error: { code: "cluster_denied" } });
  double.mayImpersonate = true;
  expect(await mayImpersonate(client)).toEqual({ ok: true, value: null });
  const acting = resourcesOf(accessTo(double.url, { impersonate: { user: "eve", groups: [] } }));
  expect(await mayImpersonate(acting.client)).toMatchObject({ ok: false, error: { code: "invalid_kubeconfig" } });
});
