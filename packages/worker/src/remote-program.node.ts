// A worker on a machine of its own as a program: what it is called, what it may show, what it does when it is told to stop. Runs on
// Bun, Node and Deno.
import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { SluiceError } from "@sluice/protocol";
import type { Task, Workflow } from "@sluice/sdk";
import { BuildHost } from "./build-host.node.ts";
import { systemSecrets } from "./bun-secrets.ts";
import { maskOutput } from "./bun-output.ts";
import { AsyncStepScope } from "./bun-step-scope.ts";
import { systemWorkerClock as clock } from "./clock.ts";
import { dialTcp } from "./dial-tcp.node.ts";
import { dialWebSocket } from "./dial-websocket.ts";
import { workerLimits } from "./limits.ts";
import type { WorkerLimits } from "./limits.ts";
import { isLoopback } from "./loopback.ts";
import { machineLabels, machineResources } from "./machine.node.ts";
import { Redactor } from "./redactor.ts";
import { RemoteWorker } from "./remote-worker.ts";
import type { Dial, RemoteEnd } from "./remote-worker.ts";
import { trusting } from "./trust.node.ts";
import type { Trust } from "./trust.node.ts";
import { Worker } from "./worker.ts";

export { dialTcp } from "./dial-tcp.node.ts";
export { dialWebSocket } from "./dial-websocket.ts";
export { RemoteWorker } from "./remote-worker.ts";
export type { RemoteEnd } from "./remote-worker.ts";

export interface RemoteProgram {
  /** `HOST:PORT`, `tls://HOST:PORT`, `ws://…` or `wss://…`. */
  readonly connect: string;
  /** File with the join token. */
  readonly tokenFile?: string | undefined;
  /** Its name; one that is made at its first start and kept in `state` without it. */
  readonly id?: string | undefined;
  readonly labels: readonly string[];
  readonly capabilities: readonly string[];
  readonly slots: number;
  /** Folder for its name and its credential; made when missing. */
  readonly state: string;
  /** File with certificates to trust, in PEM format. */
  readonly ca?: string | undefined;
  /** Hash of its code. */
  readonly version: string;
  readonly workflows: readonly Workflow[];
  readonly tasks: readonly Task[];
  /** Does builds as well: runs commands that the server asks for. */
  readonly builds?:
    | {
        /** Base URL of the server with the blobs; without it, where the server says. */
        readonly blobsUrl?: string | undefined;
        /** Names of this program's environment that commands get, besides what every program counts on. */
        readonly passEnv: readonly string[];
      }
    | undefined;
  readonly limits?: Partial<WorkerLimits> | undefined;
  readonly heartbeatMs: number;
  /** Time for what runs when it is told to stop. */
  readonly drainMs: number;
  readonly log: (message: string) => void;
}

const retryMs = 100;
const retryMsMax = 10_000;

/** The runtime this is, and its version. */
export function runtimeHere(): { readonly runtime: "bun" | "node" | "deno"; readonly version: string } {
  const { bun, deno, node = "" } = process.versions as Readonly<Record<string, string | undefined>>;
  if (bun !== undefined) return { runtime: "bun", version: bun };
  if (deno !== undefined) return { runtime: "deno", version: deno };
  return { runtime: "node", version: node };
}

/** Works until it is refused, or told to stop by `SIGTERM` or `SIGINT`. */
export async function runRemoteWorker(program: RemoteProgram): Promise<RemoteEnd> {
  const trust = trustOf(program);
  const dial = dialFor(program, trust);
  const memory = new Memory(program.state, program.id);
  const token = program.tokenFile === undefined ? undefined : readFileSync(program.tokenFile, "utf8").trim();
  const { runtime, version: runtimeVersion } = runtimeHere();
  const { labels, capabilities, slots, drainMs, heartbeatMs, log, version, workflows, tasks, builds } = program;
  const secret = (): string | undefined => memory.credential ?? token;
  const redactor = new Redactor();
  maskOutput(redactor);
  const remote = new RemoteWorker({
    dial,
    clock,
    random: random01,
    newId: () => crypto.randomUUID(),
    runtime,
    heartbeatMs,
    hello: {
      worker_id: memory.id,
      capabilities: [...new Set(["runs", "tasks", ...(builds === undefined ? [] : ["build"]), ...capabilities])],
      runtime,
      [`${runtime}_version`]: runtimeVersion,
      slots,
      labels: [...new Set([...machineLabels(runtime), ...labels])],
      resources: machineResources(),
      workflows: workflows.map(({ name }) => name),
      tasks: tasks.map(({ name }) => name),
    },
    secret,
    onCredential: (credential) => memory.keep(credential),
    makeWorker: (send) =>
      new Worker({
        id: memory.id,
        version,
        workflows,
        tasks,
        clock,
        limits: { ...workerLimits, ...program.limits },
        stepScope: new AsyncStepScope(),
        redactor,
        localSecrets: systemSecrets,
        send,
      }),
    makeBuilds:
      builds &&
      ((send) => new BuildHost({ ...builds, send, trust, token: secret, serverUrl: httpOf(program.connect) })),
    log: (message) => log(`${memory.id}: ${message}`),
    retryMs,
    retryMsMax,
  });
  const leave = (): void => remote.leave(drainMs);
  process.on("SIGTERM", leave);
  process.on("SIGINT", leave);
  const end = await remote.ended;
  process.off("SIGTERM", leave);
  process.off("SIGINT", leave);
  return end;
}

/** TLS over TCP reads the file by itself; WebSockets, and requests for files of builds, do not. */
function trustOf({ ca, connect, builds, log }: RemoteProgram): Trust | undefined {
  const needed = connect.startsWith("wss:");
  if (ca === undefined || (!needed && builds === undefined)) return undefined;
  try {
    return trusting(readFileSync(ca, "utf8"));
  } catch (error) {
    if (needed || !(error instanceof SluiceError)) throw error;
    log(`${error.message} Builds with files fail here. ${error.hint ?? ""}`);
    return undefined;
  }
}

/** The server's own port, where that is what it connects to. */
function httpOf(connect: string): string | undefined {
  return /^wss?:/.test(connect) ? connect.replace("ws", "http") : undefined;
}

/** 0 ≤ x < 1. */
function random01(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32;
}

/** Tokens do not cross a network in the clear. */
function dialFor({ connect, ca }: RemoteProgram, trust: Trust | undefined): Dial {
  const socket = /^wss?:\/\//.test(connect);
  const found = /^(?:tls:\/\/|wss?:\/\/)?(\[[\da-f:.]+\]|[^:/[\]]+)(?::(\d{1,5}))?(\/.*)?$/i.exec(connect);
  const [, host, port] = found ?? [];
  if (host === undefined || (!socket && port === undefined)) {
    throw new SluiceError({
      code: "invalid_config",
      message: `There is no way to connect to ${JSON.stringify(connect)}.`,
      hint: "Such as 127.0.0.1:7891, tls://sluice.example:7891 or wss://sluice.example/worker.",
    });
  }
  const name = host.replaceAll(/[[\]]/g, "");
  const secure = connect.startsWith("tls://") || connect.startsWith("wss://");
  if (!secure && !isLoopback(name)) {
    throw new SluiceError({
      code: "invalid_config",
      message: `${connect} is not on this machine: its token would cross the network in the clear.`,
      hint: `tls://${name}:${port ?? "7891"}, with the server started with --worker-tls-cert and --worker-tls-key.`,
    });
  }
  if (socket && typeof WebSocket === "undefined") {
    throw new SluiceError({
      code: "invalid_config",
      message: `Node ${process.versions.node} has no WebSocket.`,
      hint: "Use Node 22 or newer, or connect over TCP: HOST:PORT of --worker-port.",
    });
  }
  if (socket)
    return dialWebSocket(found?.[3] === undefined || found[3] === "/" ? new URL("/worker", connect).href : connect, {
      trust,
    });
  return dialTcp({ host: name, port: Number(port), tls: secure, ca });
}

/** What a worker knows of itself from one start to the next. */
class Memory {
  readonly id: string;
  readonly #file: string;
  #credential: string | undefined;

  constructor(folder: string, given: string | undefined) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const named = join(folder, "worker.json");
    const known = given === undefined ? read(named) : undefined;
    const made = known?.["id"] ?? `${hostname()}-${randomBytes(4).toString("hex")}`;
    this.id = given ?? made;
    if (given === undefined && known === undefined) write(named, { id: made });
    this.#file = join(folder, `credential-${encodeURIComponent(this.id)}.json`);
    this.#credential = read(this.#file)?.["credential"];
  }

  get credential(): string | undefined {
    return this.#credential;
  }

  keep(credential: string): void {
    this.#credential = credential;
    write(this.#file, { credential });
  }
}

function read(file: string): Readonly<Record<string, string>> | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, string>>) : undefined;
}

/** On the disk when it returns: the token is good for nothing else once it was exchanged for a credential. */
function write(file: string, content: Readonly<Record<string, string>>): void {
  const part = `${file}.part`;
  writeFileSync(part, `${JSON.stringify(content)}\n`, { mode: 0o600, flush: true });
  renameSync(part, file);
  const folder = openSync(dirname(file), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
