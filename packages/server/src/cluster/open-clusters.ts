// Binds the room of clusters to this machine and its engine. Loaded when clusters are first used, or when a run of an operation has to
// go on.
import { createHash } from "node:crypto";
import { Ids, ok, systemClock, systemRandom, unwrap } from "@sluice/core";
import type { Engine, Result, Store } from "@sluice/core";
import { clusterLimits, Clusters, noRules } from "@sluice/core/cluster";
import type { Operations, OperationRunner, Recoveries, RecoveryRunner } from "@sluice/core/cluster";
import type { Vault } from "@sluice/core/secrets";
import { encodeValue } from "@sluice/protocol";
import { attachInProcess, manifestOf, systemWorkerClock, workerLimits } from "@sluice/worker";
import { AsyncStepScope } from "@sluice/worker/step-scope";
import { bootstrapWorkflow, makeBootstrapWorkflow } from "./bootstrap-workflow.ts";
import type { BootstrapInput } from "./bootstrap-workflow.ts";
import { canaryWorkflow, makeCanaryWorkflow } from "./mesh-canary-workflow.ts";
import type { CanaryInput } from "./mesh-canary-workflow.ts";
import { makeUpgradeWorkflow, upgradeWorkflow } from "./mesh-upgrade-workflow.ts";
import type { UpgradeInput } from "./mesh-upgrade-workflow.ts";
import { driftInput, driftWorkflow, makeDriftWorkflow, readEvent } from "./drift-workflow.ts";
import { gitCheckouts } from "./checkouts.ts";
import { filesIn, machineFiles, processesWith } from "./machine.ts";
import { approvedEvent, makeOperationWorkflow, operationVersion, operationWorkflow } from "./operation-workflow.ts";
import { lineTransport, scriptRunner, sqlServers } from "./recovery-ground.ts";
import { failoverWorkflow, makeFailoverWorkflow, makeWatchWorkflow, watchWorkflow } from "./recovery-workflow.ts";
import type { WatchInput } from "./recovery-workflow.ts";
import { fetchTransport } from "./transport.ts";

export interface ClusterGround {
  readonly engine: Engine;
  readonly store: Store;
  readonly vault: Pick<Vault, "keep" | "kept">;
  /** Folder of the project. */
  readonly project: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly limits: Readonly<Record<string, number>>;
}

const saltBytes = 16;

/** The room, with a worker in this process that carries operations out. */
export function openClusters({ engine, store, vault, project, env, limits }: ClusterGround): Clusters {
  const opened = Promise.withResolvers<Operations>();
  const own = { ...clusterLimits, ...limits };
  const whole = Promise.withResolvers<Clusters>();
  const recoveries = async (): Promise<Recoveries> => recoveriesOf(await whole.promise);
  const workflows = [
    makeOperationWorkflow(() => opened.promise, own),
    makeBootstrapWorkflow(() => whole.promise, own),
    makeFailoverWorkflow(recoveries, own),
    makeWatchWorkflow(recoveries, async (input) => void unwrap(await watchAgain(engine, input))),
    makeUpgradeWorkflow(() => whole.promise, own),
    makeCanaryWorkflow(() => whole.promise, own),
    makeDriftWorkflow(() => whole.promise, own),
  ];
  engine.deployments.addBuiltIn(operationVersion, manifestOf(workflows));
  const worker = attachInProcess(engine, {
    id: "cluster-operations",
    version: operationVersion,
    workflows,
    clock: systemWorkerClock,
    limits: { ...workerLimits, ...limits },
    stepScope: new AsyncStepScope(),
  });
  worker.deploy();
  const clusters = new Clusters({
    store: store.clusters,
    keeper: vault,
    runner: runnerOver(engine),
    transport: fetchTransport,
    processes: processesWith(env),
    project: filesIn(project),
    checkouts: gitCheckouts(processesWith(env)),
    machine: machineFiles,
    env,
    clock: systemClock,
    ids: new Ids(systemClock, systemRandom),
    sha256: (text) => createHash("sha256").update(text).digest("hex"),
    salt: () => Buffer.from(systemRandom.bytes(saltBytes)).toString("hex"),
    rules: noRules,
    limits: own,
    recovery: {
      servers: sqlServers,
      lines: lineTransport,
      scripts: scriptRunner,
      secret: (name) => vault.kept(name),
      timeoutMs: own.recoveryTimeoutMs,
      runner: recoveryRunnerOver(engine),
    },
  });
  opened.resolve(clusters.operations);
  whole.resolve(clusters);
  return clusters;
}

/** Those that this room was opened with. */
function recoveriesOf({ recoveries }: Clusters): Recoveries {
  if (recoveries === undefined) throw new Error("The room of clusters was opened without recoveries.");
  return recoveries;
}

/** One run for each look: its id says which, so that a look that is repeated begins no second one. */
async function watchAgain(engine: Engine, input: WatchInput): Promise<Result<null>> {
  const { recovery, version, look, everyMs } = input;
  const started = await engine.startRun({
    by: { kind: "system", id: "recovery" },
    id: `watch-${recovery}-${version}-${look}`,
    workflow: watchWorkflow,
    input: encodeValue(input),
    tags: [`recovery:${recovery}`],
    ...(look === 0 ? {} : { delayMs: everyMs }),
  });
  return started.ok || started.error.code === "run_id_taken" ? ok(null) : started;
}

function recoveryRunnerOver(engine: Engine): RecoveryRunner {
  return {
    async start({ by, run, failover: { id, kind, recovery } }) {
      const input = encodeValue({ failover: id, kind });
      const tags = [`recovery:${recovery}`];
      const started = await engine.startRun({ by, id: run, workflow: failoverWorkflow, input, tags });
      return started.ok || started.error.code === "run_id_taken" ? ok(null) : started;
    },
    watch: ({ recovery: { name, version }, everyMs }) =>
      watchAgain(engine, { recovery: name, version, everyMs, look: 0 }),
    async cancel({ by, run, reason }) {
      // One that has ended meanwhile needs nothing.
      await engine.operations.cancel({ by, run, reason });
    },
  };
}

function runnerOver(engine: Engine): OperationRunner {
  return {
    async start({ by, run, operation }) {
      const { id, component, cluster } = operation;
      const tags = [`component:${component}`, `cluster:${cluster}`];
      const input = encodeValue({ operation: id });
      const started = await engine.startRun({ by, id: run, workflow: operationWorkflow, input, tags });
      if (started.ok || started.error.code === "run_id_taken") return ok(null);
      return started;
    },
    async bootstrap({ by, person, as, components, run }) {
      const { kind, id } = by;
      const input: BootstrapInput = { components: components ?? null, by: { kind, id }, person, as: as ?? null };
      const started = await engine.startRun({
        by,
        id: run,
        workflow: bootstrapWorkflow,
        input: encodeValue(input),
        tags: [],
      });
      return started.ok ? ok(run) : started;
    },
    async watchDrift({ by, component, watched }) {
      if (watched) {
        const input = encodeValue(driftInput(component, by));
        const tags = [`component:${component}`];
        const started = await engine.startRun({ by, workflow: driftWorkflow, input, tags });
        if (!started.ok) return started;
      }
      await engine.emit({ by, name: readEvent, key: component, payload: encodeValue(null) });
      return ok(null);
    },
    async upgradeMesh({ by, person, as, run, request }) {
      const { kind, id } = by;
      const { cluster } = request;
      const input: UpgradeInput = { cluster, request, by: { kind, id }, person, as: as ?? null };
      const tags = [`cluster:${cluster}`, "mesh"];
      const started = await engine.startRun({
        by,
        id: run,
        workflow: upgradeWorkflow,
        input: encodeValue(input),
        tags,
      });
      return started.ok ? ok(run) : started;
    },
    async releaseCanary({ by, run, request }) {
      const { cluster, namespace, virtualService } = request;
      const input: CanaryInput = { target: `${cluster} ${namespace}/${virtualService}`, request };
      const tags = [`cluster:${cluster}`, "mesh"];
      const started = await engine.startRun({ by, id: run, workflow: canaryWorkflow, input: encodeValue(input), tags });
      return started.ok ? ok(run) : started;
    },
    async approved({ by, plan }) {
      await engine.emit({ by, name: approvedEvent, key: plan, payload: encodeValue(null) });
    },
    async cancel({ by, run, reason }) {
      // One that has ended meanwhile needs nothing.
      await engine.operations.cancel({ by, run, reason });
    },
  };
}
