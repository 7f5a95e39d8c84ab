// `sluice up` as a child process with its supervised worker; the caller is this process, over HTTP with a token.

import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { HttpClient } from "../../http-client.ts";
import { descendants, ended, type Processes } from "../../processes.ts";
import { startSluice } from "../../sluice.ts";
import type { Contender, OwnWorkName, Setup, WorkInput, WorkName } from "../contender.ts";

const PROJECT = join(import.meta.dir, "../project");
const TOKEN = "the-benchmark-asks-with-a-token";
const CONNECTIONS_MAX = 256;

export async function openSluiceHttp(setup: Setup): Promise<Contender> {
  const args: string[] = [];
  if (setup.parkAfterMs !== undefined) args.push("--limit", `parkAfterMs=${setup.parkAfterMs}`);
  if (setup.runsInFlightMax !== undefined) args.push("--limit", `concurrentRunsMax=${setup.runsInFlightMax}`);
  const env = { SLUICE_TOKEN: TOKEN, BENCH_GATE: setup.gateOpen ? "open" : "closed" };
  const { child, port } = await startSluice({ project: PROJECT, folder: setup.folder, args, env });
  const headers = { authorization: `Bearer ${TOKEN}` };
  return new SluiceHttp(child, new HttpClient({ port, connectionsMax: CONNECTIONS_MAX, headers }));
}

class SluiceHttp implements Contender {
  readonly #child: ChildProcess;
  readonly #http: HttpClient;

  constructor(child: ChildProcess, http: HttpClient) {
    this.#child = child;
    this.#http = http;
  }

  async start(
    work: WorkName | OwnWorkName,
    input: WorkInput,
    options: { readonly delayMs?: number } = {},
  ): Promise<string> {
    const body = { input, ...(options.delayMs === undefined ? {} : { delay: options.delayMs }) };
    const { run } = (await this.#http.json("POST", `/api/v1/workflows/${work}/runs`, body)) as { run: { id: string } };
    return run.id;
  }

  async run(work: WorkName | OwnWorkName, input: WorkInput): Promise<unknown> {
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
