// Binds every port to its adapter: data folder, store, blobs, engine, workers, HTTP. What `sluice up` and `sluice dev` run.
import { systemClock } from "@sluice/core";
import type { Logger } from "@sluice/core";
import { openDataFolder } from "@sluice/core/store/sqlite";
import type { DataFolder } from "@sluice/core/store/sqlite";
import { SluiceError } from "@sluice/protocol";
import type { WireError } from "@sluice/protocol";
import type { BuildResult } from "./bundle-messages.ts";
import { tidyWhenIdle } from "./compose-idle.ts";
import { listen, urlOf } from "./compose-listen.ts";
import type { Listener } from "./compose-listen.ts";
import { secret, socketIn } from "./compose-parts.ts";
import type { ComposeOptions } from "./compose-parts.ts";
import type { LogListeners } from "./compose-log-listeners.ts";
import { codeFolder } from "./compose-serving.ts";
import type { Serving } from "./compose-serving.ts";
import { Site } from "./compose-site.ts";
import { settleToken } from "./compose-token.ts";
import type { ServerSettings } from "./config-settings.ts";
import { openControl } from "./replace/control.ts";
import type { Successor } from "./replace/control.ts";
import type { Place } from "./replace/takeover.ts";

export interface RunningServer {
  /** Base URL that reaches it from this machine. */
  readonly url: string;
  readonly port: number;
  /** Where workers connect over TCP, when they may. */
  readonly workerPort: number | undefined;
  /** Where build tools reach the cache over gRPC, when they may. */
  readonly cacheGrpcPort: number | undefined;
  /** Where log entries are listened for besides HTTP, by format; undefined: nowhere. */
  readonly logAddresses: readonly { readonly format: string; readonly address: string }[] | undefined;
  readonly data: string;
  /** Set unless the server runs without authentication. */
  readonly token: string | undefined;
  /** Where the first user is made; undefined once there is one. */
  setUpUrl(): string | undefined;
  /** What serves now; a restore puts something else in its place. */
  serving(): Serving;
  /** Resolves when another server has taken the place of this one, which has been stopped then. */
  readonly replaced: Promise<void>;
  /** No new runs; running steps get up to `drainMs`, the rest is handed back; then everything is closed. */
  stop(): Promise<void>;
}

/** Starts a server; resolves when it is ready. Rejects with a `SluiceError` that says why it cannot, having closed everything. */
export async function composeServer(options: ComposeOptions): Promise<RunningServer> {
  const closing: (() => unknown)[] = [() => options.bundler.stop()];
  let closed: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    for (const step of closing.splice(0).toReversed()) await step();
  };
  const close = (): Promise<void> => (closed ??= closeAll());
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
  const { folder, taken } = options.replace === true ? await placeFor(options) : await freeFolder(options);
  if (taken !== undefined) closing.push(() => taken.giveUp());
  closing.push(() => folder.release());
  tell(log, folder);
  const token = settings.auth ? settleToken({ data: folder.folder, given: env["SLUICE_TOKEN"], secret }) : undefined;
  const building = taken?.built === undefined ? bundler.build(codeFolder(folder)) : Promise.resolve(taken.built);
  let url = urlOf(settings, settings.port);
  const site = await Site.open({
    options,
    folder,
    socket: socketIn(folder),
    token,
    startedAt: systemClock.now(),
    url: () => settings.publicUrl ?? url,
  });
  // It answers until the engine has drained.
  let unlisten = (): unknown => undefined;
  closing.push(() => site.stop(() => unlisten()));
  closing.push(tidyWhenIdle({ clock: systemClock, cpuMs, tidy: giveBack }));
  const { idleTimeout, maxRequestBodySize, websocket } = site.serving.http;
  const answering = { idleTimeout, maxRequestBodySize, websocket, fetch: site.fetch };
  const listener = taken?.listener ?? listen(options, answering);
  unlisten = () => listener.stop();
  url = urlOf(settings, listener.port);
  const workers =
    settings.worker === undefined
      ? undefined
      : await (await import("./compose-workers.ts")).listenForWorkers(options, settings.worker, () => site.serving);
  closing.push(() => workers?.stop());
  const cacheClients =
    settings.cacheGrpcPort === undefined
      ? undefined
      : await (
          await import("./compose-cache-grpc.ts")
        ).listenForCacheClients(options, settings.cacheGrpcPort, () => site.serving);
  closing.push(() => cacheClients?.stop());
  const listeners = await listenersOf(options, site);
  closing.push(() => listeners?.stop());
  await site.inTurn(async (serving) => deployFirst(options, await building, serving));
  taken?.opened(site.fetch);
  const replaced = beReplaced(options, {
    site,
    listener,
    folder,
    closing,
    alone: taken?.alone ?? Promise.resolve(),
    leave: async () => {
      unlisten = () => undefined;
      await close();
    },
  });
  if (options.mode === "dev") follow(options, site, codeFolder(folder));
  else await bundler.stop();
  return {
    url,
    port: listener.port,
    workerPort: workers?.port,
    cacheGrpcPort: cacheClients?.port,
    logAddresses: listeners?.addresses,
    data: folder.folder,
    token,
    setUpUrl: () => setUpUrlOf(settings, site.serving, url),
    serving: () => site.serving,
    replaced,
    stop: close,
  };
}

/** Loaded where log entries are listened for besides HTTP. Throws `invalid_config` for pipelines that cannot be read. */
async function listenersOf(options: ComposeOptions, site: Site): Promise<LogListeners | undefined> {
  const { syslog, gelf, fluent, pipelines } = options.settings.logs;
  if (pipelines.length > 0) (await import("./logs/pipeline-check.ts")).checkPipelines(pipelines);
  if (syslog.length + gelf.length + fluent.length === 0) return undefined;
  return (await import("./compose-log-listeners.ts")).listenForLogs(options, () => site.serving);
}

async function freeFolder({ settings }: ComposeOptions): Promise<Place> {
  return { folder: await openDataFolder({ folder: settings.data }), taken: undefined };
}

/** Loaded where a server is replaced. */
async function placeFor(options: ComposeOptions): Promise<Place> {
  return (await import("./replace/takeover.ts")).takePlace(options);
}

/** Lets another server ask for the place of this one; resolves when it has it. */
function beReplaced(
  { settings, log }: ComposeOptions,
  p: {
    readonly site: Site;
    readonly listener: Listener;
    readonly folder: DataFolder;
    readonly closing: (() => unknown)[];
    readonly alone: Promise<void>;
    readonly leave: () => Promise<void>;
  },
): Promise<void> {
  const { site, listener, folder, alone, leave } = p;
  const replaced = Promise.withResolvers<void>();
  let left = false;
  let turn = Promise.resolve();
  const replace = async (successor: Successor): Promise<void> => {
    // Whoever asks too late finds the one that has the place now.
    if (left) return successor.close();
    const { handOver } = await import("./replace/handover.ts");
    left = await handOver({ site, listener, settings, log, successor, alone, leave });
    if (left) replaced.resolve();
    return undefined;
  };
  const control = openControl({
    folder: folder.folder,
    log,
    replace: (successor) => {
      turn = turn.then(() => replace(successor)).catch((error: unknown) => replaced.reject(error));
    },
  });
  p.closing.push(() => control.stop());
  return replaced.promise;
}

/** The secret is behind the `#`: browsers send it nowhere. */
function setUpUrlOf({ auth, publicUrl }: ServerSettings, { identity }: Serving, url: string): string | undefined {
  const { setUpSecret } = identity;
  return auth && setUpSecret !== undefined ? `${publicUrl ?? url}/setup#${setUpSecret}` : undefined;
}

function tell(log: Logger, { prepared, replaced }: DataFolder): void {
  if (replaced !== undefined) log("info", "the restore of a backup was finished", { ...replaced });
  if (prepared.outcome === "migrated") log("info", "the data folder was migrated", { ...prepared });
}

function giveBack(): void {
  Bun.gc(true);
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

async function deployFirst(
  { mode, settings, log }: ComposeOptions,
  built: BuildResult,
  { deployer, engine }: Serving,
): Promise<void> {
  const error = await deployer.deploy(built);
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
function follow({ bundler, log, onChange }: ComposeOptions, site: Site, folder: string): void {
  bundler.watch(folder, {
    rebuilt: (result, changedAt) => {
      const deployed = site.inTurn(({ deployer }) => deployer.deploy(result));
      void deployed.then((error) => onChange?.({ error, elapsedMs: systemClock.now() - changedAt }));
    },
    configChanged: () => log("warn", "sluice.config.ts has changed: start again for it to take effect"),
    unwatched: (path, why) => log("warn", "a folder cannot be watched: it is looked at once a second", { path, why }),
  });
}

function refusedProject(error: WireError): SluiceError {
  return new SluiceError({ ...error, hint: error.hint ?? "Mend the project and start again." });
}
