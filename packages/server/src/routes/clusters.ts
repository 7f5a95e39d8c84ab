// Clusters and the components in them: added, listed and looked at.
import { matchesAny, unwrap } from "@sluice/core";
import type { ClusterRecord, ComponentRecord } from "@sluice/core";
import type { Clusters, ComponentHealth, ComponentSpec } from "@sluice/core/cluster";
import { clusterNamePattern, decodeValue, SluiceError } from "@sluice/protocol";
import type { Permission } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { optionalTextOf, quoted, refuse, textOf } from "../fields.ts";
import { reply } from "../wire.ts";
import { bodyOf } from "./sign-in.ts";

const nameCharsMax = 63;
const clusterHint = "sluice cluster list shows what there is.";
const pathCharsMax = 1_024;
const kubeconfigCharsMax = 1_048_576;

/** The room; where the server has none it says so. */
export async function clustersIn(call: Call): Promise<Clusters> {
  const { clusters } = call.parts;
  if (clusters === undefined)
    throw new SluiceError({
      code: "unavailable",
      message: "This server has no clusters.",
      hint: "Ask one that was started with sluice up.",
    });
  return clusters();
}

/** Filters by what of clusters may be seen. */
export function seen(call: Call): (cluster: string) => boolean {
  const patterns = call.patterns("cluster:read");
  return (cluster) => patterns === undefined || matchesAny(patterns, cluster);
}

/** A cluster that may be seen, and with `permission` used; one that may not be seen is not there. */
export async function clusterFor(call: Call, name: string, permission: Permission): Promise<ClusterRecord> {
  const found = await call.parts.store.clusters.getCluster({ name });
  if (found === undefined || !seen(call)(name)) {
    throw new SluiceError({
      code: "cluster_not_found",
      message: `There is no cluster ${quoted(name)}.`,
      hint: clusterHint,
    });
  }
  call.require(permission, name);
  return found;
}

/** A component that may be seen, and with `permission` used; one that may not be seen is not there. */
export async function componentFor(call: Call, name: string, permission: Permission): Promise<ComponentRecord> {
  const found = await call.parts.store.clusters.getComponent({ name });
  const missing = (): SluiceError =>
    new SluiceError({
      code: "component_not_found",
      message: `There is no component ${quoted(name)}.`,
      hint: "sluice cluster component list shows what there is.",
    });
  if (found === undefined || !seen(call)(found.cluster)) throw missing();
  call.require(permission, found.cluster);
  return found;
}

export async function listClusters(call: Call): Promise<Response> {
  call.query().done();
  const may = seen(call);
  const clusters = await call.parts.store.clusters.listClusters();
  return reply("json", 200, { clusters: clusters.filter(({ name }) => may(name)).map(shownCluster) });
}

export async function addCluster(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["name", "kubeconfig", "context", "acceptIdentity", "impersonate"]);
  const name = textOf(body, "name", nameCharsMax);
  if (!clusterNamePattern.test(name)) {
    refuse(
      "invalid_name",
      `${quoted(name)} cannot be the name of a cluster.`,
      "Lower-case letters, digits and dashes.",
    );
  }
  const flag = (key: string): boolean => {
    const given = body[key] ?? false;
    if (typeof given !== "boolean") refuse("bad_request", `${key} is no boolean.`, "true or false.");
    return given;
  };
  const clusters = await clustersIn(call);
  const cluster = await clusters.addCluster({
    by: call.actor,
    name,
    kubeconfig: optionalTextOf(body, "kubeconfig", kubeconfigCharsMax),
    context: optionalTextOf(body, "context", pathCharsMax),
    acceptIdentity: flag("acceptIdentity"),
    impersonate: flag("impersonate"),
  });
  return reply("json", 200, { cluster: shownCluster(unwrap(cluster)) });
}

export async function getClusterStatus(call: Call): Promise<Response> {
  call.query().done();
  const name = call.param(0);
  if (!seen(call)(name)) {
    throw new SluiceError({
      code: "cluster_not_found",
      message: `There is no cluster ${quoted(name)}.`,
      hint: clusterHint,
    });
  }
  const status = unwrap(await (await clustersIn(call)).status(name));
  const { cluster, reachable, reason, latencyMs, clockSkewMs } = status;
  const measured = { latencyMs: latencyMs ?? null, clockSkewMs: clockSkewMs ?? null };
  return reply("json", 200, { cluster: shownCluster(cluster), reachable, reason: reason ?? null, ...measured });
}

export async function listComponents(call: Call): Promise<Response> {
  call.query().done();
  const may = seen(call);
  const components = await call.parts.store.clusters.listComponents();
  return reply("json", 200, { components: components.filter(({ cluster }) => may(cluster)).map(shownComponent) });
}

export async function addComponent(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["file"]);
  const file = textOf(body, "file", pathCharsMax);
  const component = unwrap(await (await clustersIn(call)).addComponent({ by: call.actor, file }));
  return reply("json", 200, { component: shownComponent(component) });
}

export async function getComponent(call: Call): Promise<Response> {
  call.query().done();
  return reply("json", 200, { component: shownComponent(await componentFor(call, call.param(0), "cluster:read")) });
}

export async function getComponentHealth(call: Call): Promise<Response> {
  call.query().done();
  const { name } = await componentFor(call, call.param(0), "cluster:read");
  const health = unwrap(await (await clustersIn(call)).health(name));
  const objects = health.objects.map((each) => ({ ...each, health: each.health ?? null, since: each.since ?? null }));
  return reply("json", 200, { health: { ...health, objects } });
}

function shownCluster({ name, identity, context, version, impersonate, addedAt }: ClusterRecord): object {
  return { name, identity, context: context ?? null, version, impersonate: impersonate ?? false, addedAt };
}

export function shownComponent(component: ComponentRecord): object {
  const { name, cluster, file, version, epoch, objects, operation } = component;
  const { owner, dependsOn } = decodeValue(component.spec) as ComponentSpec;
  const health =
    component.health === undefined ? null : (decodeValue(component.health) as Omit<ComponentHealth, "objects">);
  return {
    name,
    cluster,
    file,
    owner: owner ?? null,
    dependsOn,
    version,
    epoch,
    objects,
    operation: operation ?? null,
    health,
  };
}
