// `sluice up` as a child process with its supervised worker; the caller is this process, over HTTP with a token.

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { HttpClient } from "../../http-client.ts";
import { descendants, ended, keepOutput, type Processes } from "../../processes.ts";
import { within } from "../../clock.ts";
import type { Contender, Setup, WorkInput, WorkName } from "../contender.ts";

const COMMAND = join(import.meta.dir, "../../../packages/cli/src/main.ts");
const PROJECT = join(import.meta.dir, "../project");
const TOKEN = "the-benchmark-asks-with-a-token";
const READY_MS_MAX = 20_000;
const CONNECTIONS_MAX = 256;

export async function openSluiceHttp(setup: Setup): Promise<Contender> {
  const args = [COMMAND, "up", "--project", PROJECT, "--data", setup.folder, "--port", "0", "--json"];
  if (setup.parkAfterMs !== undefined) args.push("--limit", `parkAfterMs=${setup.parkAfterMs}`);
  if (setup.runsInFlightMax !== undefined) args.push("--limit", `concurrentRunsMax=${setup.runsInFlightMax}`);
  const env = { ...process.env, SLUICE_TOKEN: TOKEN, BENCH_GATE: setup.gateOpen ? "open" : "closed" };
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const port = await readyPort(child);
  const headers = { authorization: `Bearer ${TOKEN}` };
  return new SluiceHttp(child, new HttpClient({ port, connectionsMax: CONNECTIONS_MAX, headers }));
}

async function readyPort(child: ChildProcess): Promise<number> {
  const output = keepOutput(child);
  const line = new Promise<string>((resolve, reject) => {
    if (child.stdout !== null) createInterface({ input: child.stdout }).once("line", resolve);
    void ended(child).then(() => reject(new Error(`sluice up ended: ${output()}`)));
  });
  return (JSON.parse(await within(READY_MS_MAX, "sluice up", line)) as { readonly port: number }).port;
}

class SluiceHttp implements Contender {
  readonly #child: ChildProcess;
  readonly #http: HttpClient;

  constructor(child: ChildProcess, http: HttpClient) {
    this.#child = child;
    this.#http = http;
  }

  async start(work: WorkName, input: WorkInput, options: { readonly delayMs?: number } = {}): Promise<string> {
    const body = { input, ...(options.delayMs === undefined ? {} : { delay: options.delayMs }) };
    const { run } = (await this.#http.json("POST", `/api/v1/workflows/${work}/runs`, body)) as { run: { id: string } };
    return run.id;
  }

  async run(work: WorkName, input: WorkInput): Promise<unknown> {
    const path = `/api/v1/workflows/${work}/runs?wait=60s`;
    const { run } = (await this.#http.json("POST", path, { input })) as { run: { status: string; output: unknown } };
    if (run.status !== "completed") throw new Error(`A run of ${work} is ${run.status}`);
    return run.output;
  }

  async status(id: string): Promise<string> {
    const { run } = (await this.#http.json("GET", `/api/v1/runs/${id}`)) as { run: { status: string } };
    return run.status;
  }

  async emit(key: string, sentAt: number): Promise<void> {
    await this.#http.json("POST", "/api/v1/events", { name: "wake", key, payload: { sentAt } });
  }

  async unfinished(): Promise<boolean> {
    const page = await this.#http.json("GET", "/api/v1/runs?status=queued,running,waiting&limit=1");
    return (page as { readonly runs: readonly unknown[] }).runs.length > 0;
  }

  processes(): Processes {
    const { pid } = this.#child;
    return pid === undefined ? { server: [], worker: [] } : { server: [pid], worker: descendants(pid) };
  }

  async durability(): Promise<string> {
    return 'durability "full" (the default)';
  }

  async close(): Promise<void> {
    this.#http.close();
    this.#child.kill("SIGTERM");
    await ended(this.#child);
  }
}
