// `sluice cluster`: clusters, the components in them, and the plans that change them.
import { readFile } from "node:fs/promises";
import { relative, resolve } from "node:path";
import type { Command } from "commander";
import { segment } from "../api.ts";
import type { Api, TargetFlags } from "../api.ts";
import { misused } from "../io.ts";
import type { Io } from "../io.ts";
import { table, time } from "../table.ts";
import { addBootstrap } from "./cluster-bootstrap.ts";
import { addDrift } from "./cluster-drift.ts";
import { addMesh } from "./cluster-mesh.ts";
import { addRecoveries } from "./cluster-recovery.ts";
import { ended, shownPlan } from "./cluster-text.ts";
import type { PlanView } from "./cluster-text.ts";
import { apiOf, clientCommand, commandGroup, show } from "./client-command.ts";
import { awaitEnd } from "./run-text.ts";

interface ClusterView {
  readonly name: string;
  readonly identity: { readonly server: string; readonly uid: string };
  readonly version: string;
  readonly addedAt: number;
}

interface HealthView {
  readonly reconciled: string;
  readonly health: string;
  readonly reason: string;
}

interface ComponentView {
  readonly name: string;
  readonly cluster: string;
  readonly file: string;
  readonly version: number;
  readonly objects: number;
  readonly operation: string | null;
  readonly health: HealthView | null;
}

interface OperationView {
  readonly id: string;
  readonly component: string;
  readonly status: string;
  readonly reason: string | null;
  readonly run: string;
}

interface AddFlags extends TargetFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly inCluster?: boolean;
  readonly acceptIdentity?: boolean;
  readonly impersonate?: boolean;
}

export function addClusterCommands(program: Command, io: Io): void {
  const cluster = commandGroup(
    program,
    "cluster",
    "Kubernetes clusters: components, plans, and what is done with them",
  );
  addClusters(cluster, io);
  addComponents(cluster, io);
  addPlans(cluster, io);
  addDrift(cluster, io);
  addBootstrap(cluster, io);
  addMesh(cluster, io);
  addRecoveries(cluster, io);
}

function addClusters(cluster: Command, io: Io): void {
  clientCommand(cluster, {
    name: "add",
    description: "Add a cluster; who it is is remembered, and another one under its name refused",
    example: "sluice cluster add main --kubeconfig ~/.kube/config --context prod",
  })
    .argument("<name>", "what components call it")
    .option("--kubeconfig <file>", "its kubeconfig; what that names lies on the server's machine")
    .option("--context <name>", "context of the kubeconfig (default: the current one)")
    .option("--in-cluster", "the cluster that the server itself runs in")
    .option("--impersonate", "plan and apply in the name of the person behind it")
    .option("--accept-identity", "it is meant to be another cluster than last time")
    .action(async (name: string, flags: AddFlags) => {
      const kubeconfig = await kubeconfigOf(flags);
      const { context, acceptIdentity = false, impersonate = false } = flags;
      const body = { name, kubeconfig, context, acceptIdentity, impersonate };
      const answer = await apiOf(io, flags).json<{ readonly cluster: ClusterView }>("/api/v1/clusters", {
        method: "POST",
        body,
      });
      const { identity, version } = answer.cluster;
      show(io, flags, { json: answer, text: () => [`Cluster ${name} is ${identity.server}, Kubernetes ${version}.`] });
    });
  clientCommand(cluster, { name: "list", description: "The clusters", example: "sluice cluster list" }).action(
    async (flags: TargetFlags) => {
      const answer = await apiOf(io, flags).json<{ readonly clusters?: readonly ClusterView[] }>("/api/v1/clusters");
      const rows = (answer.clusters ?? []).map((each) => [
        each.name,
        each.identity.server,
        each.version,
        time(each.addedAt),
      ]);
      const lines = (): readonly string[] =>
        rows.length === 0
          ? ["No clusters. Add one: sluice cluster add NAME --kubeconfig FILE"]
          : table(["NAME", "SERVER", "VERSION", "ADDED"], rows);
      show(io, flags, { json: answer, text: lines });
    },
  );
  clientCommand(cluster, {
    name: "status",
    description: "Whether a cluster answers, and whether it is the one it was",
    example: "sluice cluster status main",
  })
    .argument("<name>", "name of the cluster")
    .action(async (name: string, flags: TargetFlags) => {
      const answer = await apiOf(io, flags).json<{
        readonly reachable: boolean;
        readonly reason: string | null;
        readonly latencyMs: number | null;
      }>(`/api/v1/clusters/${segment(name)}`);
      const said = answer.reachable
        ? `${name} answers (${answer.latencyMs} ms).`
        : `${name} cannot be used: ${answer.reason}`;
      show(io, flags, { json: answer, text: () => [said] });
      if (!answer.reachable) throw ended("cluster_unreachable", said);
    });
}

async function kubeconfigOf({ kubeconfig, inCluster }: AddFlags): Promise<string | undefined> {
  if ((kubeconfig === undefined) === (inCluster !== true)) {
    throw misused("A cluster is reached in one way.", "Give --kubeconfig FILE or --in-cluster.");
  }
  if (kubeconfig === undefined) return undefined;
  try {
    return await readFile(kubeconfig, "utf8");
  } catch (error) {
    throw misused(`${kubeconfig} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function addComponents(cluster: Command, io: Io): void {
  const component = commandGroup(cluster, "component", "What is declared and brought to a cluster as a whole");
  clientCommand(component, {
    name: "add",
    description: "Add a component by its file, or read that anew",
    example: "sluice cluster component add components/web.yaml",
  })
    .argument("<file>", "its file, in the folder of the project")
    .action(async (file: string, flags: TargetFlags) => {
      const path = relative(resolve(io.cwd, flags.project ?? "."), resolve(io.cwd, file));
      if (path.startsWith(".."))
        throw misused(`${file} is not in the folder of the project.`, "The server reads it there.");
      const answer = await apiOf(io, flags).json<{ readonly component: ComponentView }>("/api/v1/components", {
        method: "POST",
        body: { file: path },
      });
      const { name, cluster: of } = answer.component;
      show(io, flags, {
        json: answer,
        text: () => [`Component ${name} of cluster ${of} is known. Next: sluice cluster plan ${name}`],
      });
    });
  clientCommand(component, {
    name: "list",
    description: "The components",
    example: "sluice cluster component list",
  }).action(async (flags: TargetFlags) => {
    const answer = await apiOf(io, flags).json<{ readonly components?: readonly ComponentView[] }>(
      "/api/v1/components",
    );
    const rows = (answer.components ?? []).map((each) => [
      each.name,
      each.cluster,
      String(each.version),
      String(each.objects),
      each.health?.reconciled ?? "-",
      each.health?.health ?? "-",
    ]);
    const heads = ["NAME", "CLUSTER", "VERSION", "OBJECTS", "RECONCILED", "HEALTH"];
    show(io, flags, { json: answer, text: () => (rows.length === 0 ? ["No components."] : table(heads, rows)) });
  });
  showComponents(component, io);
}

function showComponents(component: Command, io: Io): void {
  clientCommand(component, { name: "show", description: "One component", example: "sluice cluster component show web" })
    .argument("<name>", "name of the component")
    .action(async (name: string, flags: TargetFlags) => {
      const answer = await apiOf(io, flags).json<{ readonly component: ComponentView }>(
        `/api/v1/components/${segment(name)}`,
      );
      const { cluster: of, file, version, objects, operation } = answer.component;
      const lines = [
        `${name} in ${of}, from ${file}`,
        `version ${version}, ${objects} objects, last operation ${operation ?? "none"}`,
      ];
      show(io, flags, { json: answer, text: () => lines });
    });
  clientCommand(component, {
    name: "health",
    description: "Whether each object is reconciled and healthy, and why; exits with 1 unless all are",
    example: "sluice cluster component health web",
  })
    .argument("<name>", "name of the component")
    .action(async (name: string, flags: TargetFlags) => {
      const answer = await apiOf(io, flags).json<{
        readonly health: HealthView & { readonly objects: readonly ObjectView[] };
      }>(`/api/v1/components/${segment(name)}/health`);
      const { health, reconciled, reason, objects } = answer.health;
      const rows = objects.map((each) => [
        each.key,
        each.reconciled,
        each.health ?? "-",
        each.health === null ? each.reconciledReason : each.healthReason,
      ]);
      show(io, flags, {
        json: answer,
        text: () => [`${reconciled}, ${health}: ${reason}`, ...table(["OBJECT", "RECONCILED", "HEALTH", "WHY"], rows)],
      });
      if (health !== "Healthy" || reconciled !== "Current") throw ended("not_ready", reason);
    });
}

interface ObjectView {
  readonly key: string;
  readonly reconciled: string;
  readonly reconciledReason: string;
  readonly health: string | null;
  readonly healthReason: string;
}

function addPlans(cluster: Command, io: Io): void {
  clientCommand(cluster, {
    name: "plan",
    description: "What applying a component would change, field by field; exits with 1 when the policy refuses it",
    example: "sluice cluster plan web",
  })
    .argument("<component>", "name of the component")
    .action(async (component: string, flags: TargetFlags) => {
      const path = `/api/v1/components/${segment(component)}/plans`;
      const { plan } = await apiOf(io, flags).json<{ readonly plan: PlanView }>(path, { method: "POST", body: {} });
      const { id, hash, changes, prune, unknown, violations } = plan;
      show(io, flags, { json: { id, hash, changes, prune, unknown, violations }, text: () => shownPlan(plan) });
      if (violations.length > 0) throw ended("plan_refused", violations.map(({ message }) => message).join(" "));
    });
  clientCommand(cluster, {
    name: "approve",
    description: "Approve a plan as it is now",
    example: "sluice cluster approve plan_0123",
  })
    .argument("<plan>", "id of the plan")
    .option("--hash <hash>", "the hash that was looked at (default: that of the plan)")
    .option("--code <code>", "of your second factor, where you have one")
    .action(async (id: string, flags: TargetFlags & { readonly hash?: string; readonly code?: string }) => {
      const api = apiOf(io, flags);
      const hash = flags.hash ?? (await planOf(api, id)).hash;
      const answer = await api.json<{ readonly plan: PlanView }>(`/api/v1/plans/${segment(id)}/approve`, {
        method: "POST",
        body: { hash, ...(flags.code === undefined ? {} : { code: flags.code }) },
      });
      show(io, flags, { json: answer, text: () => [`${id} is approved. Next: sluice cluster apply ${id}`] });
    });
  clientCommand(cluster, {
    name: "apply",
    description: "Apply an approved plan and wait for the end; exits with 1 unless it completes",
    example: "sluice cluster apply plan_0123",
  })
    .argument("<plan>", "id of the plan")
    .option("--no-wait", "do not wait for the end")
    .action(async (id: string, flags: TargetFlags & { readonly wait: boolean }) => {
      const api = apiOf(io, flags);
      const { hash } = await planOf(api, id);
      const body = { method: "POST", body: { hash } } as const;
      const { operation } = await api.json<{ readonly operation: OperationView }>(
        `/api/v1/plans/${segment(id)}/apply`,
        body,
      );
      await follow(io, flags, { api, operation, wait: flags.wait });
    });
  clientCommand(cluster, {
    name: "undo",
    description: "Apply what was declared before an operation and wait for the end",
    example: "sluice cluster undo op_0123",
  })
    .argument("<operation>", "id of the operation")
    .option("--no-wait", "do not wait for the end")
    .action(async (id: string, flags: TargetFlags & { readonly wait: boolean }) => {
      const api = apiOf(io, flags);
      const body = { method: "POST", body: {} } as const;
      const { operation } = await api.json<{ readonly operation: OperationView }>(
        `/api/v1/operations/${segment(id)}/undo`,
        body,
      );
      await follow(io, flags, { api, operation, wait: flags.wait });
    });
}

async function planOf(api: Api, id: string): Promise<PlanView> {
  return (await api.json<{ readonly plan: PlanView }>(`/api/v1/plans/${segment(id)}`)).plan;
}

/** The run says when it ends; the operation says how. */
async function follow(
  io: Io,
  flags: TargetFlags,
  { api, operation, wait }: { readonly api: Api; readonly operation: OperationView; readonly wait: boolean },
): Promise<void> {
  let last = operation;
  if (!wait) return shownEnd(io, flags, last);
  while (last.status === "running") {
    await awaitEnd(api, operation.run);
    last = (await api.json<{ readonly operation: OperationView }>(`/api/v1/operations/${segment(operation.id)}`))
      .operation;
  }
  shownEnd(io, flags, last);
}

function shownEnd(io: Io, flags: TargetFlags, last: OperationView): void {
  const why = last.reason === null ? "" : `: ${last.reason}`;
  show(io, flags, {
    json: { operation: last },
    text: () => [`${last.id} of ${last.component}: ${last.status}${why} (run ${last.run})`],
  });
  if (last.status === "failed" || last.status === "superseded")
    throw ended("workflow_failed", last.reason ?? last.status);
}
