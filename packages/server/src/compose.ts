// Binds every port to its adapter: data folder, store, blobs, engine, workers, HTTP. What `sluice up` and `sluice dev` run.
import { join } from "node:path";
import { systemClock } from "@sluice/core";
import type { Engine, Logger } from "@sluice/core";
import { openBlobs, openDataFolder } from "@sluice/core/store/sqlite";
import type { DataFolder, FileBlobs } from "@sluice/core/store/sqlite";
import { SluiceError } from "@sluice/protocol";
import type { WireError } from "@sluice/protocol";
import type { BuildResult } from "./bundle-messages.ts";
import { CodeStore } from "./bundle-store.ts";
import { streamBackup } from "./compose-backup.ts";
import { Collector } from "./compose-cleaning.ts";
import { tidyWhenIdle } from "./compose-idle.ts";
import { openEngine, secret, serve, superviseIn, supervisedEngine, urlOf } from "./compose-parts.ts";
import type { ComposeOptions } from "./compose-parts.ts";
import { settleToken } from "./compose-token.ts";
import { Deployer } from "./project-deploy.ts";
import type { SupervisedEngine, WorkerInfo } from "./supervisor.ts";

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
  let url = urlOf(settings.host, settings.port);
  const engine = await openEngine(options, { folder, blobs, url: () => settings.publicUrl ?? url, supervisor });
  const { drainMs } = engine.limits;
  await engine.start();
  closing.push(() => engine.stop(drainMs));
  starting.resolve(supervisedEngine(engine));
  const deployer = new Deployer({ engine, supervisor, code, log, clock: systemClock, onDeploy: settings.onDeploy });
  const collector = collectorOf({ engine, blobs, code, deployer, log });
  closing.push(() => collector.stop());
  const backup = backupOf(options, { engine, blobs, folder, collector });
  closing.push(tidyWhenIdle({ clock: systemClock, cpuMs, tidy: giveBack }));
  const server = serve(options, { engine, deployer, supervisor, token, backup });
  // It answers until the engine has drained.
  closing.splice(closing.length - 3, 0, () => server.stop(true));
  url = urlOf(settings.host, server.port ?? settings.port);
  await deployFirst(options, { building, deployer, engine });
  if (options.mode === "dev") follow(options, deployer, code.folder);
  else await bundler.stop();
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

function giveBack(): void {
  Bun.gc(true);
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function collectorOf(p: {
  readonly engine: Engine;
  readonly blobs: FileBlobs;
  readonly code: CodeStore;
  readonly deployer: Deployer;
  readonly log: Logger;
}): Collector {
  const { engine, blobs, code, deployer, log } = p;
  const current = (): string => deployer.state.version;
  return new Collector({ store: engine.store, blobs, code, log, clock: systemClock, current });
}

function backupOf(
  { version }: ComposeOptions,
  p: { readonly engine: Engine; readonly blobs: FileBlobs; readonly folder: DataFolder; readonly collector: Collector },
): () => Promise<ReadableStream<Uint8Array>> {
  const { engine, blobs, folder, collector } = p;
  return () =>
    streamBackup({
      store: engine.store,
      blobs,
      folder: folder.folder,
      clock: systemClock,
      version,
      newId: () => crypto.randomUUID(),
      holdBlobs: () => collector.hold(),
    });
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
