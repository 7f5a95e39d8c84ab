// Starts the server, says that it is ready, and stops it at a signal: the first one drains, a second one ends at once.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { toWire } from "@sluice/protocol";
import manifest from "../package.json" with { type: "json" };
import { CliError, exitCodes, failed } from "./io.ts";
import type { Io } from "./io.ts";
import { installedModules } from "./modules.ts";
import { plainOutput } from "./plain-output.ts";
import { serverFile } from "./server-file.ts";
import { welcome } from "./welcome.ts";

/** What a server needs of its surroundings. */
type ServeIo = Pick<Io, "env" | "cwd" | "print">;

/** Named by what makes it: the server's code is loaded on first use only. */
type RunningServer = Awaited<ReturnType<typeof startServer>>;

export interface ServeRequest {
  readonly mode: "up" | "dev";
  /** Absolute. */
  readonly project: string;
  readonly json: boolean;
  /** Take the place of the server that runs over the data folder. */
  readonly replace: boolean;
  /** By setting. */
  readonly flags: Readonly<Record<string, unknown>>;
}

/** A second signal sooner than this is taken for an echo of the first: terminals and npm both pass one on. */
const echoMs = 500;

/** Runs until a signal; the process ends with the code that says how. */
export async function serve(io: ServeIo, request: ServeRequest): Promise<void> {
  const startedAt = performance.now();
  const stop = Promise.withResolvers<NodeJS.Signals>();
  catchSignals(stop.resolve);
  const server = await startServer(io, request);
  const file = join(server.data, serverFile);
  writeFileSync(file, `${JSON.stringify({ url: server.url, pid: process.pid })}\n`, { mode: 0o600 });
  announce(io, request, { server, elapsedMs: Math.round(performance.now() - startedAt) });
  await Promise.race([stop.promise, server.replaced]);
  if (isOurs(file)) rmSync(file, { force: true });
  await server.stop();
  process.exit(0);
}

/** Whether the file still says where this server listens, and not one that has taken its place. */
function isOurs(file: string): boolean {
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as { readonly pid?: unknown }).pid === process.pid;
  } catch {
    return false;
  }
}

/** Starts a server as `up` and `dev` do; whoever asks stops it. */
export async function startServer(io: ServeIo, { mode, project, flags, json, replace }: ServeRequest) {
  const { composeServer, jsonLog, loadSettings } = await import("@sluice/server");
  const clock = { now: () => Date.now() };
  const log = jsonLog(plainOutput(Bun.stderr), clock);
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => {
      log("error", "a bug ends the server; nothing that was acknowledged is lost", {
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      process.exit(exitCodes.failed);
    });
  }
  try {
    const { settings, sources, bundler } = await loadSettings(
      { project, flags, env: io.env, defaults: { onDeploy: mode === "dev" ? "move" : "pin" } },
      { modules: installedModules },
    );
    return await composeServer({
      settings,
      sources,
      bundler,
      mode,
      replace,
      log,
      env: io.env,
      modules: installedModules,
      version: manifest.version,
      onFatal: (error) => {
        log("error", "the disk failed: nothing more can be acknowledged", { code: error.code, error: error.message });
        process.exit(exitCodes.failed);
      },
      onChange: ({ error, elapsedMs }) => {
        if (!json) io.print(error === undefined ? `Live after ${elapsedMs} ms.` : `Not deployed:\n${error.message}`);
      },
    });
  } catch (error) {
    const wire = toWire(error);
    if (wire.code === "internal") throw error;
    throw wire.code === "invalid_config" ? new CliError(exitCodes.misused, wire) : failed(wire);
  }
}

function catchSignals(first: (signal: NodeJS.Signals) => void): void {
  let firstAt: number | undefined;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      const now = performance.now();
      if (firstAt === undefined) {
        firstAt = now;
        first(signal);
      } else if (now - firstAt >= echoMs) process.exit(signal === "SIGINT" ? 130 : 143);
    });
  }
}

function announce(
  io: ServeIo,
  { json, project }: ServeRequest,
  { server, elapsedMs }: { readonly server: RunningServer; readonly elapsedMs: number },
): void {
  const { url, port, workerPort, cacheGrpcPort, logAddresses, data } = server;
  const setUpUrl = server.setUpUrl();
  const { deployer, engine } = server.serving();
  const workflows = engine.deployments.workflows.map((each) => each.manifest);
  if (json) {
    const names = workflows.map((workflow) => workflow.name);
    io.print(
      JSON.stringify({
        ready: true,
        url,
        ...(setUpUrl === undefined ? {} : { setUpUrl }),
        port,
        ...(workerPort === undefined ? {} : { workerPort }),
        ...(cacheGrpcPort === undefined ? {} : { cacheGrpcPort }),
        ...(logAddresses === undefined ? {} : { logAddresses }),
        pid: process.pid,
        data,
        project,
        version: deployer.state.version,
        workflows: names,
        elapsedMs,
      }),
    );
    return;
  }
  const way = relative(io.cwd, project);
  const here = way.startsWith("..") ? project : way;
  for (const line of welcome({
    url,
    setUpUrl,
    project: here,
    elapsedMs,
    workflows,
    version: manifest.version,
    argv: process.argv,
  }))
    io.print(line);
}
