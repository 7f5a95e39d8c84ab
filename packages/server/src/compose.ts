// Binds every port to its adapter: data folder, store, blobs, engine, workers, HTTP. What `sluice up` and `sluice dev` run.
import { join } from "node:path";
import { tmpdir } from "node:os";
import { mkdtempSync, rmSync } from "node:fs";
import { Engine, Ids, systemClock, systemRandom } from "@sluice/core";
import type { EngineLimits, Logger } from "@sluice/core";
import { openBlobs, openDataFolder, openSqliteStore } from "@sluice/core/store/sqlite";
import type { DataFolder, FileBlobs } from "@sluice/core/store/sqlite";
import { SluiceError } from "@sluice/protocol";
import type { WireError } from "@sluice/protocol";
import type { BuildResult } from "./bundle-messages.ts";
import type { Bundler } from "./bundle.ts";
import { CodeStore } from "./bundle-store.ts";
import { collectRegularly } from "./compose-cleaning.ts";
import { settleToken } from "./compose-token.ts";
import { limitDefaults } from "./config-settings.ts";
import type { ServerSettings } from "./config-settings.ts";
import { createHttp } from "./http.ts";
import { Deployer } from "./project-deploy.ts";
import { supervisorLimits } from "./supervisor-limits.ts";
import { Supervisor } from "./supervisor.ts";
import type { SupervisedEngine, WorkerInfo } from "./supervisor.ts";

export interface ComposeOptions {
  readonly settings: ServerSettings;
  readonly bundler: Bundler;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** URLs of the installation's modules that user code imports by name. */
  readonly modules: Readonly<Record<string, string>>;
  /** Of the product. */
  readonly version: string;
  readonly log: Logger;
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

export interface RunningServer {
  /** Base URL that reaches it from this machine. */
  readonly url: string;
  readonly port: number;
  readonly data: string;
  readonly engine: Engine;
  readonly deployer: Deployer;
  /** Set unless the server runs without authentication. */
  readonly token: string | undefined;
  workers(): readonly WorkerInfo[];
  /** No new runs; running steps get up to `drainMs`, the rest is handed back; then everything is closed. */
  stop(): Promise<void>;
}

/** Longest path that a Unix socket can have, in bytes, with room to spare. */
const socketPathBytesMax = 100;

/** Starts a server; resolves when it is ready. Rejects with a `SluiceError` that says why it cannot, having closed everything. */
export async function composeServer(options: ComposeOptions): Promise<RunningServer> {
  const closing: (() => unknown)[] = [() => options.bundler.stop()];
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).toReversed()) await step();
  };
  try {
    return await compose(options, closing, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function compose(
  options: ComposeOptions,
  closing: (() => unknown)[],
  close: () => Promise<void>,
): Promise<RunningServer> {
  const { settings, bundler, log, env } = options;
  const folder = await openDataFolder({ folder: settings.data });
  closing.push(() => folder.release());
  if (folder.prepared.outcome === "migrated") log("info", "the data folder was migrated", { ...folder.prepared });
  const token = settings.auth ? settleToken({ data: folder.folder, given: env["SLUICE_TOKEN"], secret }) : undefined;
  const blobs = openBlobs({ folder: folder.blobsFolder });
  const code = new CodeStore(join(folder.folder, "code"), blobs);
  const building = bundler.build(code.folder);
  const starting = Promise.withResolvers<SupervisedEngine>();
  const supervisor = superviseIn(folder, { options, code, engine: starting.promise });
  closing.push(() => supervisor.stop());
  supervisor.prepare();
  const engine = await openEngine(options, { folder, blobs, url: () => base, provide: supervisor });
  const { drainMs } = engine.limits;
  let base = settings.publicUrl ?? "";
  await engine.start();
  closing.push(() => engine.stop(drainMs));
  starting.resolve({
    attach: (link, lane) => engine.attach(link, lane),
    retire: (worker) => retire(engine, worker),
  });
  const deployer = new Deployer({ engine, supervisor, code, log, clock: systemClock, onDeploy: settings.onDeploy });
  const server = serve(options, { engine, deployer, token });
  closing.splice(-1, 0, () => server.stop(true));
  const url = urlOf(settings.host, server.port ?? settings.port);
  base = settings.publicUrl ?? url;
  const current = (): string => deployer.state.version;
  closing.push(collectRegularly({ store: engine.store, blobs, code, log, clock: systemClock, current }));
  await deployFirst(options, { building, deployer, engine });
  if (options.mode === "dev") follow(options, deployer, code.folder);
  return {
    url,
    port: server.port ?? settings.port,
    data: folder.folder,
    engine,
    deployer,
    token,
    workers: () => supervisor.workers,
    stop: close,
  };
}

async function openEngine(
  { settings, log, onFatal }: ComposeOptions,
  parts: {
    readonly folder: DataFolder;
    readonly blobs: FileBlobs;
    readonly url: () => string;
    readonly provide: Supervisor;
  },
): Promise<Engine> {
  const store = await openSqliteStore({
    file: parts.folder.databaseFile,
    durability: settings.durability,
    limits: settings.limits,
    onFatal,
  });
  return new Engine({
    store,
    blobs: parts.blobs,
    clock: systemClock,
    ids: new Ids(systemClock, systemRandom),
    log,
    owner: `server-${secret(8)}`,
    limits: settings.limits as Partial<EngineLimits>,
    onDeploy: settings.onDeploy,
    url: parts.url,
    provideVersion: (version, quarantine) => parts.provide.provide(version, quarantine),
  });
}

function superviseIn(
  folder: DataFolder,
  parts: { readonly options: ComposeOptions; readonly code: CodeStore; readonly engine: Promise<SupervisedEngine> },
): Supervisor {
  const { settings, log, env, modules, mode } = parts.options;
  const run = join(folder.folder, "run");
  const { SLUICE_TOKEN: _token, ...childEnv } = env;
  return new Supervisor({
    folder: run,
    socket: socketIn(run),
    project: settings.project,
    env: childEnv,
    clock: systemClock,
    log,
    limits: { ...supervisorLimits, ...settings.limits },
    secret,
    newId: () => crypto.randomUUID(),
    engine: parts.engine,
    code: (version) => parts.code.file(version),
    worker: {
      modules,
      limits: settings.limits,
      drainMs: settings.limits["drainMs"] ?? limitDefaults["drainMs"] ?? 0,
    },
    spare: mode === "dev",
  });
}

/** In the data folder where its path is short enough for a socket, else in a folder of its own that is removed at the end. */
function socketIn(run: string): string {
  const path = join(run, "worker.sock");
  if (Buffer.byteLength(path) <= socketPathBytesMax) return path;
  const folder = mkdtempSync(join(tmpdir(), "sluice-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "worker.sock");
}

function serve(
  { settings, version, log }: ComposeOptions,
  {
    engine,
    deployer,
    token,
  }: { readonly engine: Engine; readonly deployer: Deployer; readonly token: string | undefined },
): Bun.Server<undefined> {
  const http = createHttp({
    engine,
    clock: systemClock,
    log,
    version,
    startedAt: systemClock.now(),
    auth: { token },
    allowedHosts: [settings.host, ...hostsOf(settings.publicUrl), ...settings.allowedHosts],
    allowedOrigins: settings.allowedOrigins,
    ready: () => readiness(deployer),
    deployment: () => deployer.state,
    limits: settings.limits,
  });
  try {
    return Bun.serve({
      hostname: settings.host,
      port: settings.port,
      idleTimeout: http.idleTimeout,
      maxRequestBodySize: http.maxRequestBodySize,
      fetch: (request, server) => http.fetch(request, server),
    });
  } catch (error) {
    throw new SluiceError({
      code: "unavailable",
      message: `The server cannot listen on ${settings.host}:${settings.port}: ${error instanceof Error ? error.message : String(error)}`,
      hint: "Choose another port with --port; 0 takes any that is free.",
    });
  }
}

function readiness({ state }: Deployer): { readonly ready: boolean; readonly reason?: string } {
  if (state.version !== "") return { ready: true };
  return { ready: false, reason: state.error?.message ?? "The project has not been deployed yet." };
}

async function deployFirst(
  { mode, settings, log }: ComposeOptions,
  parts: { readonly building: Promise<BuildResult>; readonly deployer: Deployer; readonly engine: Engine },
): Promise<void> {
  const { deployer, engine } = parts;
  const error = await deployer.deploy(await parts.building);
  if (mode === "up") {
    if (error !== undefined) throw refusedProject(error);
    return;
  }
  if (error === undefined) return;
  const versions = (await engine.store.listVersions()).toSorted((a, b) => b.createdAt - a.createdAt);
  const last = versions[0];
  if (last !== undefined && (await deployer.restore(last.version))) {
    log("warn", "the last version that could be deployed serves", { version: last.version, project: settings.project });
  }
}

/** Deploys every change of the project's code. */
function follow({ bundler, log, onChange }: ComposeOptions, deployer: Deployer, folder: string): void {
  bundler.watch(folder, {
    rebuilt: (result, changedAt) => {
      void deployer.deploy(result).then((error) => onChange?.({ error, elapsedMs: systemClock.now() - changedAt }));
    },
    configChanged: () => log("warn", "sluice.config.ts has changed: start again for it to take effect"),
  });
}

function refusedProject(error: WireError): SluiceError {
  return new SluiceError({ ...error, hint: error.hint ?? "Mend the project and start again." });
}

/**
 * Takes a worker out of the choice for new assignments and leaves it connected: what it runs it may still report. It keeps
 * its place in the table under a version that no run has.
 */
function retire(engine: Engine, worker: string): void {
  const known = engine.deployments.get(worker);
  if (known !== undefined) engine.deployments.add({ ...known, version: `retired ${known.version}` });
}

function urlOf(host: string, port: number): string {
  const any = host === "0.0.0.0" || host === "::" || host === "[::]";
  const name = any ? "127.0.0.1" : host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

function hostsOf(url: string | undefined): readonly string[] {
  return url === undefined ? [] : [new URL(url).host];
}

/** Random bytes in lower case hex. */
function secret(bytes: number): string {
  return Buffer.from(systemRandom.bytes(bytes)).toString("hex");
}
