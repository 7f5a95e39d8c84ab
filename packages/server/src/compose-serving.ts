// What serves over one opened store: engine, workers, deployment, HTTP. A restore ends it and starts another over other data.
import { join } from "node:path";
import { cacheLimits, lazily, systemClock } from "@sluice/core";
import type { AuditHead, Engine, Logger, Store } from "@sluice/core";
import type { Identity } from "@sluice/core/identity";
import type { Cache } from "@sluice/core/builds/cache";
import type { Clusters } from "@sluice/core/cluster";
import type { Fleet } from "@sluice/core/workers";
import { openBlobs } from "@sluice/core/store/sqlite";
import type { DataFolder, FileBlobs } from "@sluice/core/store/sqlite";
import { CodeStore } from "./bundle-store.ts";
import { keepAudit } from "./compose-audit.ts";
import { Collector } from "./compose-cleaning.ts";
import { openIdentity } from "./compose-identity.ts";
import { openPayloads, openVault } from "./compose-secrets.ts";
import type { ClusterGround } from "./cluster/open-clusters.ts";
import { httpOver, openEngine, openStore, superviseIn, supervisedEngine } from "./compose-parts.ts";
import type { ComposeOptions, Ground } from "./compose-parts.ts";
import type { ScopedBlobs } from "./blobs/scoped-blobs.ts";
import type { Http } from "./http.ts";
import { httpLimits } from "./limits.ts";
import { logsOf } from "./logs/first-use.ts";
import { metricsOf } from "./metrics/first-use.ts";
import type { LogDesk } from "./logs/log-desk.ts";
import { Deployer } from "./project-deploy.ts";
import type { SupervisedEngine, Supervisor } from "./supervisor.ts";
import { FirstUse } from "./first-use.ts";
import { terminalsOf } from "./terminals/first-use.ts";
import type { openFleet } from "./workers/open-fleet.ts";
import type { RunWork } from "./workers/run-work.ts";
import { telemetryLimits } from "./telemetry/limits.ts";
import type { Telemetry } from "./telemetry/telemetry.ts";

export interface Serving {
  readonly store: Store;
  readonly engine: Engine;
  readonly identity: Identity;
  readonly supervisor: Supervisor;
  readonly deployer: Deployer;
  readonly http: Http;
  /** Workers on other machines; there from its first use on. */
  fleet(): Promise<Fleet>;
  /** Logs; there from their first use on. */
  logs(): Promise<LogDesk>;
  /** Results of builds; there from its first use on. */
  cache(): Promise<Cache>;
  /** An archive is being sent: what it names must stay where it is. */
  backingUp(): boolean;
  /** Runs are taken and none is executed: running steps get up to `drainMs`, the rest is handed back. All else goes on. */
  rest(): Promise<void>;
  /** Ends a rest. */
  wake(): Promise<void>;
  /**
   * No new runs; running steps get up to `drainMs`, the rest is handed back; the store is closed. Answers with the last row of
   * the audit trail that a checkpoint can stand for.
   */
  drain(): Promise<AuditHead>;
  /** Ends the workers and whatever still waits for an answer; after `drain`. */
  close(): Promise<void>;
}

/** Code of workers on other machines serves where this project has none. */
function deploysItself({ deployments }: Engine, { state }: Deployer): boolean {
  return deployments.version === state.version && deployments.workflows.length > 0;
}

/** Folder of the bundles; their names are those of their content, so it suits any data. */
export function codeFolder({ folder }: DataFolder): string {
  return join(folder, "code");
}

/**
 * Opens the folder's store and takes up what is in it. No code is deployed yet. `replaces`: where the audit trail of the data
 * ended whose place this has just taken.
 */
export async function startServing(ground: Ground, replaces?: AuditHead): Promise<Serving> {
  const { options, folder } = ground;
  const { log, settings } = options;
  const { blobs, code } = await openFiles(folder, log);
  const starting = Promise.withResolvers<SupervisedEngine>();
  const supervisor = superviseIn(ground, { code, engine: starting.promise });
  try {
    supervisor.prepare();
    const store = await openStore(ground);
    const identity = await openIdentity(ground, store);
    const vault = openVault(folder, store, (names) => engine.facilities.secretsChanged(names));
    const [payloads, clusters] = [openPayloads(store, vault), clustersOf(options, () => ({ engine, store, vault }))];
    const engine: Engine = openEngine(ground, { store, blobs, supervisor, secrets: vault, payloads, clusters });
    await engine.start();
    starting.resolve(supervisedEngine(engine));
    const deployer = new Deployer({ engine, supervisor, code, log, clock: systemClock, onDeploy: settings.onDeploy });
    const collector = collectorOf(ground, { engine, store, blobs, code, deployer });
    const telemetry = await startTelemetry(ground, { engine, store });
    const audit = await keepAudit(ground, store, replaces);
    const fleet = fleetOf(ground, { engine, store, identity, hasOwnCode: () => deploysItself(engine, deployer) });
    const logs = logsOf({ engine, store, folder: join(folder.folder, "logs"), log, settings });
    const [cache, figures] = [cacheOf(ground), metricsOf({ folder: join(folder.folder, "metrics"), log, settings })];
    const terminals = terminalsOf({ store, log, env: options.env, limits: settings.limits, folder: folder.folder });
    const rooms = { logs: logs.open, figures, fleet: fleet.open, terminals: terminals.open, clusters: clusters.open };
    const http = httpOver(ground, {
      ...rooms,
      blobs: scopedBlobsOf(ground, { store, files: blobs }),
      cache: () => cache.open(),
      engine,
      store,
      identity,
      vault,
      payloads,
      deployer,
      supervisor,
      backup: backupOf(ground, { engine, blobs, collector }),
      verifyAudit: () => audit.verify(),
    });
    return {
      store,
      engine,
      identity,
      supervisor,
      deployer,
      http,
      ...firstUsed({ fleet, logs, cache }),
      backingUp: () => collector.held,
      ...pauseOf({ engine, supervisor, fleet }),
      drain: async () => {
        for (const part of [collector, telemetry, terminals]) await part?.stop();
        await http.settle();
        await Promise.all([fleet.stop(), logs.stop(), cache.stop(), figures.stop()]);
        await identity.close();
        const head = await audit.stop();
        await engine.stop(engine.limits.drainMs);
        return head;
      },
      close: async () => {
        http.close();
        await supervisor.stop();
      },
    };
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}

/** The files of a locked folder: whoever left something half written there is gone. */
async function openFiles(
  folder: DataFolder,
  log: Logger,
): Promise<{ readonly blobs: FileBlobs; readonly code: CodeStore }> {
  const onDamaged = (hash: string): void => log("error", "a blob is not what was stored, and was put aside", { hash });
  const blobs = openBlobs({ folder: folder.blobsFolder, onDamaged });
  await blobs.discardParts();
  return { blobs, code: new CodeStore(codeFolder(folder), blobs) };
}

/** A rest, and its end. */
function pauseOf(p: {
  readonly engine: Engine;
  readonly supervisor: Supervisor;
  readonly fleet: Pick<ReturnType<typeof fleetOf>, "resumed">;
}): Pick<Serving, "rest" | "wake"> {
  const { engine, supervisor, fleet } = p;
  return {
    rest: async () => {
      supervisor.rest();
      await engine.rest();
    },
    wake: async () => {
      engine.wake();
      await Promise.all([fleet.resumed(), supervisor.wake()]);
    },
  };
}

/** What the versions of the product's own workflows begin with; `cluster/operation-workflow.ts` has the whole of it. */
const ownVersion = /^cluster-operation-/;

interface LazyClusters {
  readonly open: () => Promise<Clusters>;
  /** As the engine asks for workers of a version: undefined for those of a project. */
  readonly provide: (version: string) => Promise<boolean> | undefined;
}

/** Loaded by the first request for it, or by a run of an operation that has to go on after a start. */
function clustersOf(
  { settings, env }: Pick<ComposeOptions, "settings" | "env">,
  parts: () => Pick<ClusterGround, "engine" | "store" | "vault">,
): LazyClusters {
  const open = lazily(async () => {
    const { openClusters } = await import("./cluster/open-clusters.ts");
    return openClusters({ ...parts(), project: settings.project, env, limits: settings.limits });
  });
  const provide = (version: string): Promise<boolean> | undefined =>
    ownVersion.test(version) ? open().then(() => true) : undefined;
  return { open, provide };
}

/** Exports traces and metrics, where there is somewhere to. */
async function startTelemetry(
  { options }: Ground,
  { engine, store }: { readonly engine: Engine; readonly store: Store },
): Promise<Telemetry | undefined> {
  const { telemetry: settings, limits } = options.settings;
  if (settings === undefined) return undefined;
  const { Telemetry: Exporter } = await import("./telemetry/telemetry.ts");
  const exporter = new Exporter({
    engine,
    store,
    clock: systemClock,
    log: options.log,
    settings,
    limits: { ...telemetryLimits, ...limits },
    teller: { version: options.version, instance: store.instance },
  });
  exporter.start();
  return exporter;
}

/** Loaded when the first worker connects, or somebody asks for a build. */
function fleetOf(
  { options, url }: Ground,
  parts: {
    readonly engine: Engine;
    readonly store: Store;
    readonly identity: Identity;
    readonly hasOwnCode: () => boolean;
  },
): {
  readonly open: () => Promise<Fleet>;
  readonly resumed: () => Promise<void>;
  readonly stop: () => Promise<void>;
} {
  const { log, settings } = options;
  const urls = { given: settings.publicUrl, own: url };
  const part = new FirstUse(
    () => openFleetWith({ ...parts, log, authentication: settings.auth, limits: settings.limits, urls }),
    ({ fleet, work }) => {
      fleet.stop();
      work.stop();
    },
  );
  return {
    open: async () => (await part.open()).fleet,
    resumed: () => part.whenOpen(({ work }) => work.resumed()),
    stop: () => part.stop(),
  };
}

async function openFleetWith(
  p: Omit<Parameters<typeof openFleet>[0], "otherWork"> & { readonly hasOwnCode: () => boolean },
): Promise<{ readonly fleet: Fleet; readonly work: RunWork }> {
  const [opening, working] = await Promise.all([import("./workers/open-fleet.ts"), import("./workers/run-work.ts")]);
  const { engine, log, hasOwnCode } = p;
  const work = new working.RunWork({ engine, clock: systemClock, log, hasOwnCode });
  return { fleet: await opening.openFleet({ ...p, otherWork: work }), work };
}

/** What is there from its first use on. */
function firstUsed(p: {
  readonly fleet: { readonly open: () => Promise<Fleet> };
  readonly logs: { readonly open: () => Promise<LogDesk> };
  readonly cache: FirstUse<Cache>;
}): Pick<Serving, "fleet" | "logs" | "cache"> {
  return { fleet: p.fleet.open, logs: () => p.logs.open(), cache: () => p.cache.open() };
}

/** Loaded when a build tool first asks. */
function cacheOf({ options: { settings, log }, folder: { folder } }: Ground): FirstUse<Cache> {
  const limits = { ...cacheLimits, ...settings.limits };
  return new FirstUse(
    async () =>
      (await import("./cache/open-cache.ts")).openCache({
        folder: join(folder, "cache"),
        keys: join(folder, "keys"),
        clock: systemClock,
        log,
        limits,
      }),
    (cache) => cache.close(),
  );
}

function collectorOf(
  { options: { log, settings } }: Ground,
  p: {
    readonly engine: Engine;
    readonly store: Store;
    readonly blobs: FileBlobs;
    readonly code: CodeStore;
    readonly deployer: Deployer;
  },
): Collector {
  const { engine, store, blobs, code, deployer } = p;
  const current = (): string => deployer.state.version;
  const blobKeptMs = settings.limits["blobKeptMs"] ?? httpLimits.blobKeptMs;
  const { blobScopes } = store;
  const times = { clock: systemClock, blobKeptMs };
  return new Collector({ store: engine.store, blobScopes, blobs, code, log, current, ...times });
}

/** Loaded when the first blob is asked for. */
function scopedBlobsOf(
  { options: { settings } }: Ground,
  { store, files }: { readonly store: Store; readonly files: FileBlobs },
): () => Promise<ScopedBlobs> {
  let made: ScopedBlobs | undefined;
  return async () => {
    const { ScopedBlobs: Scoped } = await import("./blobs/scoped-blobs.ts");
    const limits = { ...httpLimits, ...settings.limits };
    return (made ??= new Scoped({ store: store.blobScopes, files, clock: systemClock, limits }));
  };
}

function backupOf(
  { options, folder }: Ground,
  { engine, blobs, collector }: { readonly engine: Engine; readonly blobs: FileBlobs; readonly collector: Collector },
): () => Promise<ReadableStream<Uint8Array>> {
  return async () =>
    (await import("./compose-backup.ts")).streamBackup({
      store: engine.store,
      blobs,
      folder: folder.folder,
      clock: systemClock,
      version: options.version,
      newId: () => crypto.randomUUID(),
      holdBlobs: () => collector.hold(),
    });
}
