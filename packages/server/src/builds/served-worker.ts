// Carries out a build as a run of a server: this process is the worker of that run, and of nothing else. Loaded where a server runs.
import { hostname } from "node:os";
import type { BuildPlan, TaskOutcome } from "@sluice/core/builds";
import { systemWorkerClock, Worker, workerLimits } from "@sluice/worker";
import { dialWebSocket, RemoteWorker } from "@sluice/worker/remote";
import type { RemoteEnd } from "@sluice/worker/remote";
import { AsyncStepScope } from "@sluice/worker/step-scope";
import type { Workflow } from "@sluice/sdk";
import { buildWorkerPrefix } from "./build-names.ts";
import type { BuildOutput } from "./build-workflow.ts";
import type { PlannedTask, ServedInput } from "./served-builds.ts";

/** A server that runs over the workspace, or that was named. */
export interface BuildServer {
  /** Without a trailing slash. */
  readonly url: string;
  /** Its certificate is for another name: it is this machine's own. */
  readonly own: boolean;
  readonly credential: () => Promise<string | undefined>;
  /** A request whose answer is JSON. Rejects with what the server refused. */
  readonly ask: (method: "GET" | "POST", path: string, body?: unknown) => Promise<unknown>;
}

export interface ServedBuild {
  readonly run: string;
  readonly status: "completed" | "failed" | "cancelled";
  /** Undefined where somebody ended the run before it had one. */
  readonly output: BuildOutput | undefined;
}

const heartbeatMs = 1_000;
const retryMs = 100;
const retryMsMax = 5_000;
/** A proof of the data folder's key is good for longer. */
const credentialMs = 20_000;
const commandCharsMax = 4_000;
const waitMs = 20_000;
const leaveMs = 2_000;
/** A server that is being replaced or restarted is waited for. */
const asksMax = 60;

/** What a server is told of a build before it begins. */
export function servedInput(
  plan: BuildPlan,
  p: { readonly tasks: readonly string[]; readonly fingerprint: string },
): ServedInput {
  const durations = plan.records.durations();
  return {
    ...p,
    root: plan.workspace.root,
    machine: hostname(),
    plan: [...plan.graph.tasks.values()].map((node): PlannedTask => ({
      id: node.id,
      package: node.package.name,
      folder: node.package.folder,
      task: node.task,
      command: node.script?.slice(0, commandCharsMax) ?? null,
      dependencies: node.dependencies,
      expectedMs: durations.get(node.id) ?? null,
    })),
  };
}

interface Begun {
  readonly run: string;
  readonly version: string;
  readonly resumed: boolean;
}

/** Begins the run of a build, or goes on with one that was cut off. With `settled` the server records it by itself. */
export async function beginOn(
  server: BuildServer,
  input: ServedInput,
  settled?: readonly TaskOutcome[],
): Promise<Begun> {
  const body = settled === undefined ? input : { ...input, settled };
  return (await server.ask("POST", "/api/v1/workspace-builds", body)) as Begun;
}

/** Carries a run that was begun out to its end. */
export async function carryOut(
  server: BuildServer,
  p: {
    readonly begun: Begun;
    readonly workflow: Workflow<ServedInput, BuildOutput>;
    /** What the workflow returned in this process. */
    readonly output: () => BuildOutput | undefined;
    /** Words for people: about the connection. */
    readonly log: (message: string) => void;
  },
): Promise<ServedBuild> {
  const { run } = p.begun;
  const proof = await Proof.of(server.credential);
  const remote = connect(server, { ...p, proof });
  const gone = new AbortController();
  try {
    const refused = remote.ended.then(({ refused: why }: RemoteEnd): never => {
      throw new Error(`The server sent this build away${why === undefined ? "" : `: ${why}`}.`);
    });
    const status = await Promise.race([statusAtEnd(server, run, gone.signal), refused]);
    return { run, status, output: p.output() };
  } finally {
    gone.abort();
    proof.stop();
    remote.ended.catch(() => undefined);
    remote.leave(leaveMs);
  }
}

/** What the server asks for, which may change with time, at hand whenever the connection is made anew. */
class Proof {
  #value: string | undefined;
  readonly #timer: ReturnType<typeof setInterval>;

  private constructor(value: string | undefined, renew: () => Promise<string | undefined>) {
    this.#value = value;
    this.#timer = setInterval(() => {
      // The old one stays where the server does not answer.
      renew().then(
        (next) => {
          this.#value = next;
        },
        () => undefined,
      );
    }, credentialMs);
    this.#timer.unref();
  }

  static async of(credential: () => Promise<string | undefined>): Promise<Proof> {
    return new Proof(await credential(), credential);
  }

  get value(): string | undefined {
    return this.#value;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function connect(
  { url, own }: BuildServer,
  p: {
    readonly begun: Begun;
    readonly workflow: Workflow<ServedInput, BuildOutput>;
    readonly proof: Proof;
    readonly log: (message: string) => void;
  },
): RemoteWorker {
  const address = new URL("/worker", url.replace(/^http/, "ws")).href;
  const trust = own && address.startsWith("wss:") ? { tls: { rejectUnauthorized: false } } : undefined;
  const { begun, workflow, proof, log } = p;
  const { version } = begun;
  // Who goes on with a build takes the place of who had it, at once.
  const id = buildWorkerPrefix + begun.run;
  return new RemoteWorker({
    dial: dialWebSocket(address, { trust }),
    clock: systemWorkerClock,
    random: () => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32,
    newId: () => crypto.randomUUID(),
    runtime: "bun",
    heartbeatMs,
    hello: { worker_id: id, capabilities: ["runs"], runtime: "bun", slots: 1, labels: [], workflows: [workflow.name] },
    secret: () => proof.value,
    onCredential: () => undefined,
    makeWorker: (send) =>
      new Worker({
        id,
        version,
        workflows: [workflow],
        clock: systemWorkerClock,
        limits: workerLimits,
        stepScope: new AsyncStepScope(),
        send,
      }),
    log,
    retryMs,
    retryMsMax,
  });
}

interface Shown {
  readonly build: { readonly status: string };
}

async function statusAtEnd(server: BuildServer, run: string, gone: AbortSignal): Promise<ServedBuild["status"]> {
  for (let failures = 0; !gone.aborted;) {
    try {
      const { build } = (await server.ask("GET", `/api/v1/builds/${run}?wait=${waitMs}ms`)) as Shown;
      if (build.status === "completed" || build.status === "failed" || build.status === "cancelled")
        return build.status;
      failures = 0;
    } catch (error) {
      if (++failures >= asksMax) throw error;
      await new Promise((resolve) => setTimeout(resolve, retryMs * failures));
    }
  }
  return "cancelled";
}
