// Sluice inside the program: engine, worker and caller in one process.

import { type Client, open, type Workflow } from "sluice";
import type { Contender, OwnWorkName, Setup, WorkInput, WorkName } from "../contender.ts";
import * as project from "../project/workflows/bench.ts";

const workflows: Readonly<Record<WorkName | OwnWorkName, Workflow<WorkInput>>> = project;

export async function openSluiceEmbedded(setup: Setup): Promise<Contender> {
  const limits: Record<string, number> = {};
  if (setup.parkAfterMs !== undefined) limits["parkAfterMs"] = setup.parkAfterMs;
  if (setup.runsInFlightMax !== undefined) limits["concurrentRunsMax"] = setup.runsInFlightMax;
  process.env["BENCH_GATE"] = setup.gateOpen ? "open" : "closed";
  const client = await open({ data: setup.folder, workflows: Object.values(workflows), durability: "full", limits });
  return new SluiceEmbedded(client);
}

class SluiceEmbedded implements Contender {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async start(
    work: WorkName | OwnWorkName,
    input: WorkInput,
    options: { readonly delayMs?: number } = {},
  ): Promise<string> {
    const { delayMs } = options;
    return (await this.#client.start(workflows[work], input, delayMs === undefined ? {} : { delay: delayMs })).id;
  }

  async run(work: WorkName | OwnWorkName, input: WorkInput): Promise<unknown> {
    return (await this.#client.start(workflows[work], input)).result();
  }

  async status(id: string): Promise<string> {
    return (await this.#client.run(id).get()).status;
  }

  async emit(key: string, sentAt: number): Promise<void> {
    await this.#client.emit("wake", { sentAt }, { key });
  }

  async unfinished(): Promise<boolean> {
    const page = await this.#client.runs({ status: ["queued", "running", "waiting"], limit: 1 });
    return page.runs.length > 0;
  }

  processes(): { server: number[]; worker: number[] } {
    return { server: [process.pid], worker: [] };
  }

  async durability(): Promise<string> {
    return 'durability "full" (the default)';
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}
