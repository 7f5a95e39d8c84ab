// The mesh of a cluster: looked at, analysed, upgraded; and canaries.
import { unwrap } from "@sluice/core";
import type { Mesh, MeshState } from "@sluice/core/cluster";
import { schemas } from "@sluice/protocol/http-schemas";
import type { z } from "zod";
import type { Call } from "../call.ts";
import { refuse } from "../fields.ts";
import { reply } from "../wire.ts";
import { clusterFor, clustersIn } from "./clusters.ts";
import { behind } from "./plans.ts";

const schemaHint = "The body is described at /api/docs.";

/** The body, with what it leaves out filled in. */
async function parsed<T extends z.ZodType>(call: Call, schema: T): Promise<z.infer<T>> {
  call.query().done();
  const { content } = await call.body();
  const body = schema.safeParse(content === undefined ? {} : content);
  if (body.success) return body.data;
  const said = body.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`.replace(/^: /, ""));
  return refuse("bad_request", said.join("; "), schemaHint);
}

async function meshOf(call: Call): Promise<Mesh> {
  return (await clustersIn(call)).mesh;
}

export async function getMesh(call: Call): Promise<Response> {
  call.query().done();
  const { name } = await clusterFor(call, call.param(0), "cluster:read");
  return reply("json", 200, { mesh: shown(unwrap(await (await meshOf(call)).state(name))) });
}

export async function analyzeMesh(call: Call): Promise<Response> {
  const { namespace, manifests } = await parsed(call, schemas.AnalyzeMesh);
  const { name } = await clusterFor(call, call.param(0), "cluster:read");
  const mesh = await meshOf(call);
  const asked = { cluster: name, namespace: namespace ?? undefined, manifests: manifests ?? undefined };
  const findings = unwrap(await mesh.analysis(asked));
  return reply("json", 200, { findings: findings.map((each) => ({ ...each, path: each.path ?? null })) });
}

export async function upgradeMesh(call: Call): Promise<Response> {
  const body = await parsed(call, schemas.UpgradeMesh);
  const { name } = await clusterFor(call, call.param(0), "cluster:apply");
  if (typeof body.component === "string") call.require("cluster:plan", name);
  const request = {
    cluster: name,
    from: body.from,
    to: body.to,
    tag: body.tag,
    settleMs: body.settleMs,
    approval: body.approval,
    checks: body.checks,
    component: body.component ?? null,
    prometheus: body.prometheus ?? null,
    ...(Array.isArray(body.namespaces) ? { namespaces: body.namespaces } : {}),
  };
  const run = unwrap(await (await meshOf(call)).beginUpgrade({ ...behind(call), request }));
  return reply("json", 201, { run });
}

export async function releaseCanary(call: Call): Promise<Response> {
  const { canary } = await parsed(call, schemas.ReleaseCanary);
  const { name } = await clusterFor(call, call.param(0), "cluster:apply");
  const run = unwrap(
    await (await meshOf(call)).beginCanary({ ...behind(call), request: { cluster: name, ...canary } }),
  );
  return reply("json", 201, { run });
}

function shown(state: MeshState): object {
  return {
    ...state,
    validator: state.validator ?? null,
    proxies: state.proxies.map((each) => ({ ...each, wanted: each.wanted ?? null, stale: each.stale ?? null })),
    certificates: state.certificates.map((each) => ({ ...each, notAfter: each.notAfter ?? null })),
  };
}
