// An engine for builds where no server runs: in a data folder of its own inside of the workspace's, so that nothing else of a project
// begins because somebody builds. Loaded where something has to be executed.
import { Engine, Ids, systemClock, systemRandom, unwrap } from "@sluice/core";
import type { Actor, Logger } from "@sluice/core";
import { openBlobs, openDataFolder, openSqliteStore } from "@sluice/core/store/sqlite";
import { decodeValue, encodeValue, SluiceError } from "@sluice/protocol";
import type { Workflow } from "@sluice/sdk";
import { attachInProcess, manifestOf, systemWorkerClock, workerLimits } from "@sluice/worker";
import { AsyncStepScope } from "@sluice/worker/step-scope";
import { buildWorkflow } from "./build-names.ts";
import { versionFor } from "./build-workflow.ts";
import type { BuildInput, BuildOutput } from "./build-workflow.ts";

const unfinished = ["queued", "running", "waiting", "paused", "undoing"] as const;
const by: Actor = { kind: "system", id: "build" };
const leftRunsMax = 100;

interface EngineGround {
  /** Absolute; made where it is not there. */
  readonly folder: string;
  readonly log: Logger;
}

export interface JournaledBuild {
  readonly run: string;
  /** It was begun by a process that is no more. */
  readonly isResumed: boolean;
  readonly output: BuildOutput;
}

/**
 * Executes the workflow as a run, and closes the engine. A run of the same build that was left unfinished goes on; those of others
 * are cancelled. Rejects with `data_folder_locked` where another build of the workspace has the folder.
 */
export async function journaled(
  { folder, log }: EngineGround,
  p: {
    readonly workflow: Workflow<BuildInput, BuildOutput>;
    readonly input: BuildInput;
    readonly began: (run: string, isResumed: boolean) => void;
  },
): Promise<JournaledBuild> {
  const data = await openDataFolder({ folder });
  try {
    const store = await openSqliteStore({
      file: data.databaseFile,
      durability: "full",
      onFatal: (error) => {
        log("error", "the disk failed; nothing more can be acknowledged", { error: error.message });
        process.exit(1);
      },
    });
    const engine = new Engine({
      store,
      triggers: store.triggers,
      blobs: openBlobs({ folder: data.blobsFolder }),
      clock: systemClock,
      ids: new Ids(systemClock, systemRandom),
      log,
      owner: `build-${crypto.randomUUID()}`,
      onDeploy: "pin",
      url: () => "http://127.0.0.1:7890",
    });
    try {
      return await execute(engine, p);
    } finally {
      await engine.stop(0);
    }
  } finally {
    await data.release();
  }
}

async function execute(engine: Engine, p: Parameters<typeof journaled>[1]): Promise<JournaledBuild> {
  const { input, workflow, began } = p;
  const version = versionFor(input.fingerprint);
  await engine.start();
  const left = await engine.store.listRuns({
    filter: { workflow: buildWorkflow, status: unfinished },
    limit: leftRunsMax,
  });
  const same = left.runs.find((run) => run.version === version);
  const reason = "What it builds from has changed.";
  for (const { id } of left.runs) if (id !== same?.id) unwrap(await engine.operations.cancel({ by, run: id, reason }));
  engine.deployments.addBuiltIn(version, manifestOf([workflow]));
  const worker = attachInProcess(engine, {
    id: "build",
    version,
    workflows: [workflow],
    clock: systemWorkerClock,
    limits: workerLimits,
    stepScope: new AsyncStepScope(),
  });
  worker.deploy();
  const run =
    same?.id ??
    unwrap(
      await engine.startRun({ by, workflow: buildWorkflow, input: encodeValue(input), tags: [`root:${input.root}`] }),
    ).run.id;
  began(run, same !== undefined);
  const end = unwrap(await engine.ended(run));
  if (end.status !== "completed" || end.output === undefined) {
    throw new SluiceError({ code: "workflow_failed", message: `The run ${run} of this build ended as ${end.status}.` });
  }
  const output = decodeValue(await engine.values.load(end.output)) as BuildOutput;
  return { run, isResumed: same !== undefined, output };
}
