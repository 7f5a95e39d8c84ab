// Opens an engine inside the user's own program: the same engine and worker as under `sluice up`, without a port.
import { FileSource } from "../files/file-source.ts";
import { Engine, Ids, systemClock, systemRandom, unwrap } from "@sluice/core";
import type { EngineLimits, Logger, Store } from "@sluice/core";
import { openBlobs, openDataFolder, openSqliteStore } from "@sluice/core/store/sqlite";
import type { DataFolder } from "@sluice/core/store/sqlite";
import { parseDuration } from "@sluice/protocol";
import type { Client, Duration, Task, Workflow } from "@sluice/sdk";
import { attachInProcess, manifestOf, systemWorkerClock, workerLimits } from "@sluice/worker";
import type { WorkerLimits } from "@sluice/worker";
import { AsyncStepScope } from "@sluice/worker/step-scope";
import { systemSecrets } from "@sluice/worker/secrets";
import { embeddedSecrets, openPayloads, openVault } from "../compose-secrets.ts";
import type { TelemetryLimits } from "../telemetry/limits.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import { EmbeddedClient } from "./client.ts";
import type { EmbeddedExporter, EmbeddedTelemetry } from "./telemetry.ts";

export interface OpenOptions {
  /** Data folder; made when it is not there. */
  readonly data: string;
  readonly workflows: readonly Workflow[];
  /** Tasks that this program does. */
  readonly tasks?: readonly Task[];
  /** Name of this version of the code; runs of an earlier one are moved after a replay check, or stay parked with `pin`. */
  readonly version?: string;
  readonly onDeploy?: "pin" | "move";
  /** `full` (default): a commit survives a power cut. `relaxed`: it survives a crash of the process only. */
  readonly durability?: "full" | "relaxed";
  readonly limits?: Partial<EngineLimits & WorkerLimits & TelemetryLimits>;
  /** Base of callback and approval URLs, when something serves them. */
  readonly url?: string;
  /** How long running steps get on `close`; the limit `drainMs` without it. */
  readonly drain?: Duration;
  /** Values of secrets, by name; others come from the encrypted store of the data folder. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Payloads of workflows that say nothing about it are encrypted at rest. */
  readonly encryptPayloads?: boolean;
  /** Where traces and metrics go, over OTLP/HTTP. */
  readonly telemetry?: EmbeddedTelemetry;
  readonly log?: Logger;
  /** Called when the disk failed in a way after which nothing may be acknowledged; ends the process by default. */
  readonly onFatal?: (error: Error) => void;
}

const quiet: Logger = (level, message, fields) => {
  if (level === "error" || level === "warn") console.error(`sluice: ${message}`, fields ?? "");
};

/** An engine in this process, for what goes beyond a client. */
export interface EmbeddedSite {
  readonly client: EmbeddedClient;
  readonly engine: Engine;
  /** Makes these the workflows there are. */
  deploy(workflows: readonly Workflow[]): Promise<void>;
}

/** Opens a data folder with these workflows. One process at a time: a second one is refused. */
export async function openEmbedded(options: OpenOptions): Promise<Client> {
  return (await openSite(options)).client;
}

/** The same, with the engine itself. */
export async function openSite(options: OpenOptions): Promise<EmbeddedSite> {
  const drainMs = options.drain === undefined ? undefined : parseDuration(options.drain);
  const log = options.log ?? quiet;
  const folder = await openDataFolder({ folder: options.data });
  try {
    const exporting = await exporterOf(options);
    const { engine, store } = await openEngine(options, { folder, log, trace: exporting?.trace });
    let telemetry: Telemetry | undefined;
    const close = async (): Promise<void> => {
      await telemetry?.stop();
      await engine.stop(drainMs);
    };
    try {
      telemetry = exporting?.start({ engine, store, log });
      const deploy = await serve(engine, options);
      const client = new EmbeddedClient(engine, { kind: "system", id: "embedded" }, async () => {
        await close();
        await folder.release();
      });
      return { client, engine, deploy };
    } catch (error) {
      await close();
      throw error;
    }
  } catch (error) {
    await folder.release();
    throw error;
  }
}

/** Loaded where there is somewhere to export to. Throws `invalid_config` for settings that make no sense. */
async function exporterOf({ telemetry, limits }: OpenOptions): Promise<EmbeddedExporter | undefined> {
  if (telemetry === undefined) return undefined;
  const { embeddedExporter } = await import("./telemetry.ts");
  return embeddedExporter(telemetry, limits);
}

async function openEngine(
  options: OpenOptions,
  {
    folder,
    log,
    trace,
  }: { readonly folder: DataFolder; readonly log: Logger; readonly trace: EmbeddedExporter["trace"] | undefined },
): Promise<{ readonly engine: Engine; readonly store: Store }> {
  const store = await openSqliteStore({
    file: folder.databaseFile,
    durability: options.durability ?? "full",
    onFatal:
      options.onFatal ??
      ((error) => {
        log("error", "the disk failed; nothing more can be acknowledged", { error: error.message });
        process.exit(1);
      }),
  });
  const vault = openVault(folder, store, () => undefined);
  const engine = new Engine({
    store,
    triggers: store.triggers,
    sources: [new FileSource({ project: process.cwd(), clock: systemClock, log })],
    blobs: openBlobs({
      folder: folder.blobsFolder,
      onDamaged: (hash) => log("error", "a blob is not what was stored, and was put aside", { hash }),
    }),
    clock: systemClock,
    ids: new Ids(systemClock, systemRandom),
    log,
    owner: `embedded-${crypto.randomUUID()}`,
    limits: options.limits,
    onDeploy: options.onDeploy ?? "move",
    secrets: embeddedSecrets({ vault, given: options.secrets ?? {} }),
    sealing: { keys: openPayloads(store, vault), all: options.encryptPayloads ?? false },
    url: () => options.url ?? "http://127.0.0.1:7890",
    trace,
  });
  return { engine, store };
}

/** Starts the engine with a worker in this process that executes the workflows; what gives it others. */
async function serve(engine: Engine, options: OpenOptions): Promise<EmbeddedSite["deploy"]> {
  await engine.start();
  const version = options.version ?? "embedded";
  const worker = attachInProcess(engine, {
    id: "in-process",
    version,
    workflows: options.workflows,
    tasks: options.tasks,
    clock: systemWorkerClock,
    limits: { ...workerLimits, ...options.limits },
    stepScope: new AsyncStepScope(),
    localSecrets: systemSecrets,
  });
  unwrap(await engine.deploy(version, manifestOf(options.workflows)));
  worker.deploy();
  return async (workflows) => {
    unwrap(await engine.deploy(version, manifestOf(workflows)));
    worker.redefine(workflows, options.tasks);
  };
}
