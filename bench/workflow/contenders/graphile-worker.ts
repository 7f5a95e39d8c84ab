// graphile-worker: its library in this process over PostgreSQL, with its defaults. It has jobs and no workflows: three
// steps are three jobs, each of which adds the next.

import { EventEmitter } from "node:events";
import { preciseNow } from "../../clock.ts";
import type { Processes } from "../../processes.ts";
import type { Contender, Setup, WorkInput, WorkName } from "../contender.ts";
import { loadPeer } from "../peers.ts";
import { type PgClient, type Postgres, startPostgres } from "../postgres.ts";

const CONCURRENT_JOBS = 32;
const POOL_SIZE = CONCURRENT_JOBS + 2;

interface Job {
  readonly id: string;
  readonly payload: unknown;
}
type AddJob = (task: string, payload: unknown, options?: { readonly runAt?: Date }) => Promise<Job>;
type Task = (payload: unknown, helpers: { readonly addJob: AddJob }) => Promise<void>;

/** The part of the library that is used here. */
interface Graphile {
  run(options: Readonly<Record<string, unknown>>): Promise<Runner>;
  readonly Logger: new (factory: () => () => void) => unknown;
}
interface Runner {
  readonly addJob: AddJob;
  stop(): Promise<void>;
}

/** What a job carries: the run's input, and which of three jobs it is. */
interface Payload extends WorkInput {
  readonly part?: number;
}

type Results = Map<string, unknown>;

const lastPart: Readonly<Partial<Record<WorkName, number>>> = { steps3: 3 };

export async function openGraphileWorker(setup: Setup): Promise<Contender> {
  const postgres = await startPostgres(setup.folder);
  const library = await loadPeer<Graphile>("graphile-worker");
  const results: Results = new Map();
  const events = new EventEmitter();
  const runner = await library.run({
    connectionString: postgres.url,
    concurrency: CONCURRENT_JOBS,
    maxPoolSize: POOL_SIZE,
    noHandleSignals: true,
    taskList: tasksOf(results),
    events,
    logger: new library.Logger(() => () => {}),
  });
  return new GraphileWorker({ postgres, runner, events, results, asking: await postgres.client() });
}

function tasksOf(results: Results): Record<string, Task> {
  const payloadOf = (payload: unknown): Payload => payload as Payload;
  return {
    noop: async () => {},
    steps3: async (payload, { addJob }) => {
      const { key, part = 1 } = payloadOf(payload);
      if (part < 3) await addJob("steps3", { key, part: part + 1 });
    },
    nap: async (payload) => {
      const { key, sentAt = 0 } = payloadOf(payload);
      results.set(key, { lateMs: preciseNow() - sentAt, begun: 1 });
    },
    stamp: async (payload) => {
      const { key, sentAt = 0 } = payloadOf(payload);
      results.set(key, preciseNow() - sentAt);
    },
  };
}

interface Parts {
  readonly postgres: Postgres;
  readonly runner: Runner;
  readonly events: EventEmitter;
  readonly results: Results;
  readonly asking: PgClient;
}

class GraphileWorker implements Contender {
  readonly #parts: Parts;
  /** Callers by the key of what they wait for. */
  readonly #waiting = new Map<string, () => void>();

  constructor(parts: Parts) {
    this.#parts = parts;
    parts.events.on("job:complete", ({ job }: { job: { task_identifier: string; payload: unknown } }) => {
      const { key, part = 1 } = job.payload as Payload;
      if (part >= (lastPart[job.task_identifier as WorkName] ?? 1)) this.#waiting.get(key)?.();
    });
  }

  async start(work: WorkName, input: WorkInput, options: { readonly delayMs?: number } = {}): Promise<string> {
    const { delayMs } = options;
    const when = delayMs === undefined ? {} : { runAt: new Date(Date.now() + delayMs) };
    return (await this.#parts.runner.addJob(work, input, when)).id;
  }

  async run(work: WorkName, input: WorkInput): Promise<unknown> {
    const { key, ms = 0 } = input;
    const complete = new Promise<void>((resolve) => this.#waiting.set(key, resolve));
    if (work === "nap") await this.start(work, { ...input, sentAt: preciseNow() + ms }, { delayMs: ms });
    else await this.start(work, input);
    await complete;
    this.#waiting.delete(key);
    const result = this.#parts.results.get(key);
    this.#parts.results.delete(key);
    return result;
  }

  /** A job that is done is deleted. */
  async status(id: string): Promise<string> {
    const sql = "SELECT locked_at FROM graphile_worker._private_jobs WHERE id = $1";
    const [row] = (await this.#parts.asking.query(sql, [id])).rows;
    return row === undefined ? "completed" : row["locked_at"] === null ? "queued" : "running";
  }

  async emit(): Promise<void> {
    throw new Error("graphile-worker has no events");
  }

  async unfinished(): Promise<boolean> {
    return (await this.#parts.asking.query("SELECT 1 FROM graphile_worker._private_jobs LIMIT 1")).rows.length > 0;
  }

  processes(): Processes {
    return { server: this.#parts.postgres.pids(), worker: [process.pid] };
  }

  async durability(): Promise<string> {
    return this.#parts.postgres.durability();
  }

  async close(): Promise<void> {
    await this.#parts.runner.stop();
    await this.#parts.asking.end();
    await this.#parts.postgres.stop();
  }
}
