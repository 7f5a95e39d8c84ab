// The parts of a server, each made from the settings: engine, supervisor, HTTP.
import { FileSource } from "./files/file-source.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Engine, Ids, systemClock, systemRandom } from "@sluice/core";
import type { Logger, SecretSource, Store } from "@sluice/core";
import type { Identity } from "@sluice/core/identity";
import type { PayloadVault, Vault } from "@sluice/core/secrets";
import { openSqliteStore } from "@sluice/core/store/sqlite";
import type { DataFolder, FileBlobs } from "@sluice/core/store/sqlite";
import type { SluiceError, WireError } from "@sluice/protocol";
import { isBuildVersion, ownManifests, settledVersion } from "./builds/build-names.ts";
import type { Bundler } from "./bundle.ts";
import type { CodeStore } from "./bundle-store.ts";
import type { SettingSource } from "./config.ts";
import { environmentForOthers, limitDefaults } from "./config-settings.ts";
import type { ServerSettings } from "./config-settings.ts";
import type { HttpParts } from "./call.ts";
import { DiskMeter } from "./disk-use.ts";
import { createHttp } from "./http.ts";
import type { Http } from "./http.ts";
import type { Deployer } from "./project-deploy.ts";
import { supervisorLimits } from "./supervisor-limits.ts";
import { Supervisor } from "./supervisor.ts";
import type { SupervisedEngine, SupervisorOptions } from "./supervisor.ts";
import { rootTrace } from "./telemetry/root-trace.ts";

export interface ComposeOptions {
  readonly settings: ServerSettings;
  /** Where those come from that were set; without it, nothing was. */
  readonly sources?: ReadonlyMap<string, SettingSource> | undefined;
  readonly bundler: Bundler;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** URLs of the installation's modules that user code imports by name. */
  readonly modules: Readonly<Record<string, string>>;
  /** Of the product. */
  readonly version: string;
  readonly log: Logger;
  /** Take the place of the server that runs over the data folder, if there is one. */
  readonly replace?: boolean | undefined;
  /** `up` gives up when the project cannot be deployed; `dev` serves what there was and waits for the next change. */
  readonly mode: "up" | "dev";
  /** The disk failed in a way after which nothing may be acknowledged: the process should end at once. */
  readonly onFatal: (error: SluiceError) => void;
  /** In `dev`: a change is live, or could not be deployed. */
  readonly onChange?: ((change: CodeChange) => void) | undefined;
}

export interface CodeChange {
  readonly error: WireError | undefined;
  /** From the change of the file to its code in service. */
  readonly elapsedMs: number;
}

/** What every server over this data folder stands on, whatever data is in it. */
export interface Ground {
  readonly options: ComposeOptions;
  /** Locked by this process. */
  readonly folder: DataFolder;
  /** Where workers connect. */
  readonly socket: string;
  readonly token: string | undefined;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Base of the URLs given out. */
  readonly url: () => string;
  readonly restore: HttpParts["restore"];
}

/** Longest path that a Unix socket can have, in bytes, with room to spare. */
const socketPathBytesMax = 100;

/** Everything durable of the data folder. */
export async function openStore({ options, folder }: Ground): Promise<Store> {
  const { settings, onFatal } = options;
  if (settings.state !== undefined) {
    const { openPostgresStore } = await import("@sluice/core/store/postgres");
    return openPostgresStore({ url: settings.state, limits: settings.limits, onFatal });
  }
  return openSqliteStore({
    file: folder.databaseFile,
    durability: settings.durability,
    limits: settings.limits,
    onFatal,
  });
}

/** The engine over the data folder's store; it has not started. */
export function openEngine(
  ground: Ground,
  parts: {
    readonly store: Store;
    readonly blobs: FileBlobs;
    readonly supervisor: Supervisor;
    readonly secrets: SecretSource;
    readonly payloads: PayloadVault;
    /** Brings up what the product itself executes; undefined for versions that are not its. */
    readonly clusters: { readonly provide: (version: string) => Promise<boolean> | undefined };
  },
): Engine {
  const { options, url } = ground;
  const { settings, log } = options;
  const engine: Engine = new Engine({
    store: parts.store,
    triggers: parts.store.triggers,
    sources: [new FileSource({ project: settings.project, clock: systemClock, log })],
    blobs: parts.blobs,
    clock: systemClock,
    ids: new Ids(systemClock, systemRandom),
    log,
    owner: `server-${secret(8)}`,
    limits: settings.limits,
    onDeploy: settings.onDeploy,
    url,
    secrets: parts.secrets,
    sealing: { keys: parts.payloads, all: settings.encryptPayloads },
    trace: settings.telemetry && rootTrace(settings.telemetry.sample),
    provideVersion: async (version, quarantine) =>
      isBuildVersion(version)
        ? provideBuild(engine, version, { ...ground, instance: parts.store.instance })
        : (parts.clusters.provide(version) ?? parts.supervisor.provide(version, quarantine)),
  });
  engine.deployments.addBuiltIn(settledVersion, ownManifests);
  return engine;
}

/** The code of a build comes with who carries it out; the server has only that of its own workflows of builds. */
async function provideBuild(
  engine: Engine,
  version: string,
  { options, url, folder, instance }: Ground & Pick<Store, "instance">,
): Promise<boolean> {
  if (version !== settledVersion) return false;
  const [{ attachSettledBuilds }, { buildStarter }] = await Promise.all([
    import("./builds/settled-build.ts"),
    import("./builds/start-build.ts"),
  ]);
  const { settings } = options;
  const env = environmentForOthers(options.env);
  const keys = settings.auth ? join(folder.folder, "keys") : undefined;
  attachSettledBuilds(engine, buildStarter({ project: settings.project, env, url, keys, instance }));
  return true;
}

/** The engine as the supervisor sees it. */
export function supervisedEngine(engine: Engine): SupervisedEngine {
  return {
    attach: (link, lane) => engine.attach(link, lane),
    retire: (worker) => retire(engine, worker),
  };
}

/**
 * Takes a worker out of the choice for new assignments and leaves it connected: what it runs it may still report. It stays
 * in the table as one for suspects; should one be given to it, that run is released again when the worker leaves.
 */
function retire(engine: Engine, worker: string): void {
  const known = engine.deployments.get(worker);
  if (known !== undefined) engine.deployments.add({ ...known, quarantine: true });
  engine.tasks.retire(worker);
}

/** The supervisor of the workers. */
export function superviseIn(
  { options, folder, socket }: Ground,
  { code, engine }: { readonly code: CodeStore; readonly engine: Promise<SupervisedEngine> },
): Supervisor {
  return supervisorOf(options, { folder: runFolder(folder), socket, code: (version) => code.file(version), engine });
}

/** A supervisor of workers as the settings want them. */
export function supervisorOf(
  { settings, log, env, modules, mode }: ComposeOptions,
  parts: Pick<SupervisorOptions, "folder" | "socket" | "code" | "engine">,
): Supervisor {
  return new Supervisor({
    ...parts,
    project: settings.project,
    env: environmentForOthers(env),
    clock: systemClock,
    log,
    limits: { ...supervisorLimits, ...settings.limits },
    secret,
    newId: () => crypto.randomUUID(),
    worker: {
      modules,
      limits: settings.limits,
      drainMs: settings.limits["drainMs"] ?? limitDefaults["drainMs"] ?? 0,
    },
    spare: mode === "dev",
  });
}

/** In the data folder where its path is short enough for a socket, else in a folder of its own that is removed at the end. */
export function socketIn(folder: DataFolder): string {
  const path = join(runFolder(folder), "worker.sock");
  if (Buffer.byteLength(path) <= socketPathBytesMax) return path;
  const short = mkdtempSync(join(tmpdir(), "sluice-"));
  process.on("exit", () => rmSync(short, { recursive: true, force: true }));
  return join(short, "worker.sock");
}

function runFolder({ folder }: DataFolder): string {
  return join(folder, "run");
}

/** The HTTP side of an engine. */
export function httpOver(
  { options, folder, startedAt, restore }: Ground,
  parts: {
    readonly engine: Engine;
    readonly store: Store;
    readonly identity: Identity;
    readonly vault: Vault;
    readonly payloads: PayloadVault;
    readonly deployer: Deployer;
    readonly supervisor: Supervisor;
    readonly fleet: HttpParts["fleet"];
    readonly logs: HttpParts["logs"];
    readonly figures: HttpParts["figures"];
    readonly terminals: HttpParts["terminals"];
    readonly blobs: HttpParts["blobs"];
    readonly cache: HttpParts["cache"];
    readonly clusters: HttpParts["clusters"];
    readonly backup: HttpParts["backup"];
    readonly verifyAudit: HttpParts["verifyAudit"];
  },
): Http {
  const { settings, sources = new Map(), version, log } = options;
  const disk = new DiskMeter({
    databaseFile: folder.databaseFile,
    blobsFolder: folder.blobsFolder,
    clock: systemClock,
    log,
  });
  const { engine, store, identity, vault, payloads, deployer, supervisor } = parts;
  const { fleet, logs, terminals, clusters, blobs, cache, backup, verifyAudit } = parts;
  return createHttp({
    engine,
    store,
    identity,
    vault,
    payloads,
    clock: systemClock,
    log,
    version,
    startedAt,
    authentication: settings.auth,
    publicUrl: settings.publicUrl,
    allowedHosts: [settings.host, ...hostsOf(settings.publicUrl), ...settings.allowedHosts],
    allowedOrigins: settings.allowedOrigins,
    trustedProxies: settings.trustedProxies,
    ready: () => readiness(deployer),
    deployment: () => ({ ...deployer.state, workers: supervisor.workers }),
    fleet,
    logs,
    figures: parts.figures,
    terminals,
    blobs,
    cache,
    clusters,
    backup,
    restore,
    disk: () => disk.read(),
    settings: async () => (await import("./config-report.ts")).reportSettings(settings, sources),
    verifyAudit,
    secrets: placesOf(options, vault),
    limits: settings.limits,
  });
}

/** Secrets that webhooks name by their place. Loaded when the first of them is asked for. */
function placesOf({ env, settings }: ComposeOptions, store: Vault): SecretSource {
  return {
    read: async (ref) => {
      const { PlaceSecrets } = await import("./hooks/secret-source.ts");
      return new PlaceSecrets({ env, folder: settings.project, store }).read(ref);
    },
  };
}

function readiness({ state }: Deployer): { readonly ready: boolean; readonly reason?: string } {
  if (state.version !== "") return { ready: true };
  return { ready: false, reason: state.error?.message ?? "The project has not been deployed yet." };
}

function hostsOf(url: string | undefined): readonly string[] {
  return url === undefined ? [] : [new URL(url).host];
}

/** Random bytes in lower case hex. */
export function secret(bytes: number): string {
  return Buffer.from(systemRandom.bytes(bytes)).toString("hex");
}
