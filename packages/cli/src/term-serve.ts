// Runs the face for clients of VibeTunnel until a signal: over the server of this project where one runs, and otherwise over one of its own.
import { rmSync, writeFileSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { join, resolve } from "node:path";
import { toWire } from "@sluice/protocol";
import manifest from "../package.json" with { type: "json" };
import { dataFolder, runningServer, targetOf } from "./api.ts";
import type { TargetFlags } from "./api.ts";
import { isLoopbackUrl, localCredential, ownTls } from "./credential.ts";
import { CliError, exitCodes, failed, misused } from "./io.ts";
import type { Io } from "./io.ts";
import { plainOutput } from "./plain-output.ts";
import { startServer } from "./serve.ts";
import { serverFile } from "./server-file.ts";

export interface TermServeFlags {
  readonly port?: string;
  readonly bind?: string;
  readonly auth: boolean;
  readonly enableSshKeys?: true;
  readonly disallowUserPassword?: true;
  readonly allowLocalBypass?: true;
  readonly localAuthToken?: string;
  readonly allowedHost?: readonly string[];
  readonly root?: readonly string[];
  readonly staticPath?: string;
  readonly hq?: true;
  readonly hqUrl?: string;
  readonly hqUsername?: string;
  readonly hqPassword?: string;
  readonly name?: string;
}

/** Loaded here alone. */
async function loadFace() {
  return import("@sluice/server/vibetunnel");
}
type FaceOptions = Parameters<Awaited<ReturnType<typeof loadFace>>["serveFace"]>[0]["options"];

const portDefault = 4022;
const portMax = 65_535;

interface Behind {
  readonly url: string;
  readonly own: boolean;
  readonly credential: () => Promise<string | undefined>;
  stop(): Promise<void>;
}

export async function termServe(io: Io, flags: TargetFlags & TermServeFlags): Promise<void> {
  const data = dataFolder(io, flags);
  const options = optionsOf(io, flags, data);
  const stopped = Promise.withResolvers<void>();
  const [{ jsonLog }, { checkOptions, serveFace }] = await Promise.all([import("@sluice/server"), loadFace()]);
  const checked = checkOptions(options);
  if (!checked.ok) throw misused(checked.error.message, checked.error.hint);
  const behind = await serverBehind(io, flags, data);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => stopped.resolve());
  const log = jsonLog(plainOutput(Bun.stderr), { now: () => Date.now() });
  const { url, own, credential } = behind;
  try {
    const face = await serveFace({
      server: { url, ...ownTls(url, own) },
      operator: credential,
      options,
      hidden: [data],
      version: manifest.version,
      log,
    });
    tell(io, flags, { face: face.url, server: url });
    await stopped.promise;
    await face.stop();
  } catch (error) {
    const wire = toWire(error);
    if (wire.code !== "internal") throw failed(wire);
    if ((error as { readonly code?: unknown }).code !== "EADDRINUSE") throw error;
    throw failed({
      code: "port_in_use",
      message: `Another process listens on ${options.host}:${options.port}.`,
      hint: "Choose another port with --port; 0 takes any that is free.",
    });
  } finally {
    await behind.stop();
  }
  process.exit(0);
}

/** The server that runs over the project, or one of its own, on a port that nobody knows. */
async function serverBehind(io: Io, flags: TargetFlags, data: string): Promise<Behind> {
  if (flags.url !== undefined || io.env["SLUICE_URL"] !== undefined || (await isThere(data))) {
    const { url, own, credential } = targetOf(io, flags);
    if (!isLoopbackUrl(url))
      throw misused(
        "The face shows files and repositories of this machine, and so it has to be the server's.",
        "Run it where the server runs.",
      );
    return { url, own, credential, stop: () => Promise.resolve() };
  }
  const project = resolve(io.cwd, flags.project ?? io.env["SLUICE_PROJECT"] ?? ".");
  const server = await startServer(io, {
    mode: "up",
    project,
    json: flags.json === true,
    replace: false,
    flags: { port: 0, host: "127.0.0.1", data },
  });
  const { url } = server;
  const file = join(server.data, serverFile);
  writeFileSync(file, `${JSON.stringify({ url, pid: process.pid })}\n`, { mode: 0o600 });
  return {
    url,
    own: true,
    credential: localCredential({ url, data }),
    stop: async () => {
      rmSync(file, { force: true });
      await server.stop();
    },
  };
}

/** Whether a server answers that said that it runs over this folder. */
async function isThere(data: string): Promise<boolean> {
  const known = runningServer(data);
  if (known === undefined) return false;
  const answer = await fetch(`${known.url}/health`, ownTls(known.url, true)).catch(() => undefined);
  return answer?.ok === true;
}

function optionsOf(io: Io, flags: TermServeFlags, data: string): FaceOptions {
  const { env } = io;
  const [username, password] = [env["VIBETUNNEL_USERNAME"], env["VIBETUNNEL_PASSWORD"]];
  const isHere = (path: string): string => resolve(io.cwd, path);
  return {
    host: flags.bind ?? "127.0.0.1",
    port: portOf(flags.port ?? env["PORT"]),
    authentication: flags.auth,
    sshKeys: flags.enableSshKeys === true,
    passwords: flags.disallowUserPassword !== true,
    localBypass: flags.allowLocalBypass === true,
    localToken: flags.localAuthToken,
    login:
      username !== undefined && password !== undefined && password !== "" ? { name: username, password } : undefined,
    jwtSecret: env["JWT_SECRET"],
    allowedHosts: flags.allowedHost ?? [],
    allowedOrigins: [],
    roots: flags.root?.map(isHere) ?? [homedir(), io.cwd],
    folder: env["VIBETUNNEL_CONTROL_DIR"] === undefined ? join(data, "face") : isHere(env["VIBETUNNEL_CONTROL_DIR"]),
    client: flags.staticPath === undefined ? undefined : isHere(flags.staticPath),
    hq: flags.hq === true,
    register: registrationOf(io, flags),
  };
}

function portOf(text: string | undefined): number {
  if (text === undefined) return portDefault;
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= portMax) return port;
  throw misused(`${JSON.stringify(text)} is no port.`, `Give a number from 0 to ${portMax}.`);
}

function registrationOf(io: Io, flags: TermServeFlags): FaceOptions["register"] {
  const { hqUrl: url, hqUsername: username, name = hostname() } = flags;
  const password = flags.hqPassword ?? io.env["VIBETUNNEL_HQ_PASSWORD"];
  if (url === undefined) return undefined;
  if (username !== undefined && password !== undefined) return { url, username, password, name };
  throw new CliError(exitCodes.misused, {
    code: "bad_request",
    message: "--hq-url needs --hq-username and --hq-password.",
    hint: "They are a name and a password of the server there.",
  });
}

function tell(io: Io, flags: TargetFlags, p: { readonly face: string; readonly server: string }): void {
  if (flags.json === true) io.print(JSON.stringify({ ready: true, url: p.face, server: p.server }));
  else io.print(`Terminals of ${p.server} are at ${p.face}`);
}
