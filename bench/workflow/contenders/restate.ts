// Restate: its server binary, a process with its TypeScript SDK, and this process as the caller over its HTTP ingress.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pause, within } from "../../clock.ts";
import { HttpClient } from "../../http-client.ts";
import { ended, freePort, keepOutput, type Processes } from "../../processes.ts";
import type { Contender, Setup, WorkInput, WorkName } from "../contender.ts";
import { peerFile, restatePackage } from "../peers.ts";

const READY_MS_MAX = 60_000;
const POLL_MS = 100;
const CONNECTIONS_MAX = 256;
const AWAKEABLE_MS_MAX = 5_000;

interface Ports {
  readonly ingress: number;
  readonly admin: number;
  readonly node: number;
  readonly service: number;
}

export async function openRestate(setup: Setup): Promise<Contender> {
  const ports = await portsOf(setup.folder);
  const service = await startService(setup, ports);
  const server = startServer(setup, ports);
  const output = keepOutput(server);
  const admin = new HttpClient({ port: ports.admin, connectionsMax: 1, headers: { accept: "application/json" } });
  const gone = ended(server).then(() => {
    throw new Error(`restate-server ended: ${output()}`);
  });
  await within(READY_MS_MAX, "Restate", Promise.race([gone, register(admin, ports.service)]));
  gone.catch(() => {});
  return new Restate({ server, service, admin, ports });
}

/** Kept in the folder: after a crash the service must be found where it was registered. */
async function portsOf(folder: string): Promise<Ports> {
  const file = join(folder, "ports.json");
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as Ports;
  const [ingress, admin, node, service] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const ports = { ingress, admin, node, service };
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, JSON.stringify(ports));
  return ports;
}

interface Service {
  readonly child: ChildProcess;
  /** Awakeables by key, as the service says them. */
  readonly awakeables: Map<string, string>;
}

async function startService(setup: Setup, ports: Ports): Promise<Service> {
  const inactivityMs = setup.parkAfterMs === undefined ? "" : String(setup.parkAfterMs);
  const file = join(import.meta.dir, "restate-service.ts");
  const args = [file, String(ports.service), inactivityMs, setup.gateOpen ? "open" : "closed"];
  const env = { ...process.env, RESTATE_LOGGING: "ERROR" };
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const output = keepOutput(child);
  const awakeables = new Map<string, string>();
  const listening = new Promise<void>((resolve, reject) => {
    if (child.stdout === null) throw new Error("The service has no standard output");
    createInterface({ input: child.stdout }).on("line", (line) => {
      const [word, key, id] = line.split(" ");
      if (word === "listening") resolve();
      else if (word === "awakeable" && key !== undefined && id !== undefined) awakeables.set(key, id);
    });
    void ended(child).then(() => reject(new Error(`The service of Restate ended: ${output()}`)));
  });
  await within(READY_MS_MAX, "The service of Restate", listening);
  return { child, awakeables };
}

function serverEnv(setup: Setup, ports: Ports): Record<string, string | undefined> {
  const inFlight = setup.runsInFlightMax;
  return {
    ...process.env,
    RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ports.ingress}`,
    RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${ports.admin}`,
    RESTATE_BIND_ADDRESS: `127.0.0.1:${ports.node}`,
    RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${ports.node}`,
    RESTATE_LISTEN_MODE: "tcp",
    RESTATE_BASE_DIR: join(setup.folder, "restate"),
    RESTATE_NODE_NAME: "bench",
    RESTATE_DISABLE_TELEMETRY: "true",
    RESTATE_LOG_FILTER: "error",
    DO_NOT_TRACK: "1",
    ...(inFlight === undefined ? {} : { RESTATE_WORKER__INVOKER__CONCURRENT_INVOCATIONS_LIMIT: String(inFlight) }),
  };
}

const binary = (): string => peerFile(restatePackage(), "bin", "restate-server");

function startServer(setup: Setup, ports: Ports): ChildProcess {
  return spawn(binary(), ["--no-logo"], { env: serverEnv(setup, ports), stdio: ["ignore", "pipe", "pipe"] });
}

const UNFINISHED = "SELECT id FROM sys_invocation WHERE status <> 'completed' LIMIT 1";

/** Tells the server where the service is, as soon as it answers, and waits until its partitions answer too. */
async function register(admin: HttpClient, port: number): Promise<void> {
  for (;;) {
    try {
      await admin.json("POST", "/deployments", { uri: `http://127.0.0.1:${port}`, force: true });
      await admin.json("POST", "/query", { query: UNFINISHED });
      return;
    } catch {
      await pause(POLL_MS); // It is still starting; the caller bounds how often this is tried.
    }
  }
}

class Restate implements Contender {
  readonly #server: ChildProcess;
  readonly #service: Service;
  readonly #admin: HttpClient;
  readonly #http: HttpClient;

  constructor(parts: { server: ChildProcess; service: Service; admin: HttpClient; ports: Ports }) {
    this.#server = parts.server;
    this.#service = parts.service;
    this.#admin = parts.admin;
    this.#http = new HttpClient({ port: parts.ports.ingress, connectionsMax: CONNECTIONS_MAX });
  }

  async start(work: WorkName, input: WorkInput, options: { readonly delayMs?: number } = {}): Promise<string> {
    const delay = options.delayMs === undefined ? "" : `?delay=${options.delayMs}ms`;
    const answer = await this.#http.json("POST", `/bench/${work}/send${delay}`, input);
    return (answer as { readonly invocationId: string }).invocationId;
  }

  async run(work: WorkName, input: WorkInput): Promise<unknown> {
    return this.#http.json("POST", `/bench/${work}`, input);
  }

  /** 200 with the output of an ended invocation, 470 while it runs. */
  async status(id: string): Promise<string> {
    const answer = await this.#http.request("GET", `/restate/invocation/${id}/output`);
    if (answer.status === 200) return "completed";
    if (answer.status === 470) return "running";
    throw new Error(`The status of ${id}: ${answer.status} ${answer.body}`);
  }

  async emit(key: string, sentAt: number): Promise<void> {
    const id = await this.#awakeable(key);
    await this.#http.json("POST", `/restate/awakeables/${id}/resolve`, { sentAt });
  }

  async #awakeable(key: string): Promise<string> {
    const untilMs = performance.now() + AWAKEABLE_MS_MAX;
    for (;;) {
      const id = this.#service.awakeables.get(key);
      if (id !== undefined) return id;
      if (performance.now() > untilMs) throw new Error(`The run ${key} said no awakeable`);
      await pause(1);
    }
  }

  async unfinished(): Promise<boolean> {
    const answer = await this.#admin.json("POST", "/query", { query: UNFINISHED });
    return (answer as { readonly rows: readonly unknown[] }).rows.length > 0;
  }

  processes(): Processes {
    return { server: pidsOf(this.#server), worker: pidsOf(this.#service.child) };
  }

  async durability(): Promise<string> {
    const dump = spawnSync(binary(), ["--dump-config"], { encoding: "utf8", env: process.env }).stdout;
    const settings = dump.match(/^rocksdb-disable-wal-fsync = \w+$/gm) ?? [];
    if (settings.length === 0 || settings.some((line) => !line.endsWith("false"))) {
      throw new Error(`Restate does not sync its log: ${settings.join(", ")}`);
    }
    return "rocksdb-disable-wal-fsync = false (the default)";
  }

  async close(): Promise<void> {
    this.#http.close();
    this.#admin.close();
    this.#service.child.kill("SIGKILL");
    this.#server.kill("SIGTERM");
    await Promise.all([ended(this.#server), ended(this.#service.child)]);
  }
}

function pidsOf({ pid }: ChildProcess): number[] {
  return pid === undefined ? [] : [pid];
}
