// DBOS: its library in this process over PostgreSQL; runs started directly, or through one of its queues as it ships.

import { pause, preciseNow } from "../../clock.ts";
import type { Processes } from "../../processes.ts";
import type { Contender, Setup, WorkInput, WorkName } from "../contender.ts";
import { Marks, passGate, timeSteps } from "../marks.ts";
import { loadPeer } from "../peers.ts";
import { type PgClient, type Postgres, startPostgres } from "../postgres.ts";

const POOL_SIZE = 32;
const EVENT_SECONDS_MAX = 600;
const QUEUE = "bench";

type Work = (input: WorkInput) => Promise<unknown>;

interface Handle {
  readonly workflowID: string;
  getResult(): Promise<unknown>;
}

/** The part of the library that is used here. */
interface Dbos {
  setConfig(config: Readonly<Record<string, unknown>>): void;
  launch(): Promise<void>;
  shutdown(): Promise<void>;
  registerWorkflow(work: Work, options: { readonly name: string }): Work;
  registerQueue(name: string): Promise<unknown>;
  runStep<T>(step: () => Promise<T>, options: { readonly name: string }): Promise<T>;
  sleepms(ms: number): Promise<void>;
  recv<T>(topic: string, secondsMax: number): Promise<T | null>;
  send(id: string, message: unknown, topic: string): Promise<void>;
  startWorkflow(work: Work, options: Readonly<Record<string, unknown>>): (input: WorkInput) => Promise<Handle>;
  getWorkflowStatus(id: string): Promise<{ readonly status: string } | null>;
  readonly workflowID: string | undefined;
}

export type DbosMode = "direct" | "queued";

export async function openDbos(setup: Setup, mode: DbosMode): Promise<Contender> {
  const postgres = await startPostgres(setup.folder);
  const { DBOS: dbos } = await loadPeer<{ DBOS: Dbos }>("@dbos-inc/dbos-sdk");
  dbos.setConfig({
    name: "bench",
    systemDatabaseUrl: postgres.url,
    systemDatabasePoolSize: POOL_SIZE,
    applicationVersion: "bench",
    executorID: "bench",
    logLevel: "error",
  });
  const works = register(dbos, setup.gateOpen);
  await dbos.launch();
  if (mode === "queued") await dbos.registerQueue(QUEUE);
  return new DbosContender({ dbos, postgres, works, mode, asking: await postgres.client() });
}

function register(dbos: Dbos, gateOpen: boolean): Record<WorkName, Work> {
  const marks = new Marks();
  const step = async <T>(name: string, value: T): Promise<T> => dbos.runStep(async () => value, { name });
  const works: Record<WorkName, Work> = {
    noop: async () => 0,
    steps3: async () => (await step("a", 1)) + (await step("b", 2)) + (await step("c", 3)),
    steps: async ({ count = 0 }) => timeSteps(count, async (index) => step(`step ${index}`, index)),
    nap: async ({ key, ms = 0 }) => {
      marks.begin(key);
      await dbos.sleepms(ms);
      return marks.woken(key, marks.since(key) - ms);
    },
    listen: async ({ key }) => {
      marks.begin(key);
      const event = await dbos.recv<{ readonly sentAt: number }>("wake", EVENT_SECONDS_MAX);
      return marks.woken(key, preciseNow() - (event?.sentAt ?? Number.NaN));
    },
    stamp: async ({ sentAt = 0 }) => preciseNow() - sentAt,
    gated: async () => {
      await step("a", 1);
      await dbos.runStep(async () => passGate(gateOpen), { name: "b" });
      return step("c", 3);
    },
  };
  const names = Object.keys(works) as WorkName[];
  const registered = names.map((name) => [name, dbos.registerWorkflow(works[name], { name })] as const);
  return Object.fromEntries(registered) as Record<WorkName, Work>;
}

interface Parts {
  readonly dbos: Dbos;
  readonly postgres: Postgres;
  readonly works: Readonly<Record<WorkName, Work>>;
  readonly mode: DbosMode;
  readonly asking: PgClient;
}

class DbosContender implements Contender {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async #start(work: WorkName, input: WorkInput, delayMs?: number): Promise<Handle> {
    const { dbos, works, mode } = this.#parts;
    const delay = delayMs === undefined ? {} : { enqueueOptions: { delaySeconds: delayMs / 1000 } };
    const queue = mode === "queued" ? { queueName: QUEUE, ...delay } : {};
    return dbos.startWorkflow(works[work], { workflowID: input.key, ...queue })(input);
  }

  async start(work: WorkName, input: WorkInput, options: { readonly delayMs?: number } = {}): Promise<string> {
    return (await this.#start(work, input, options.delayMs)).workflowID;
  }

  async run(work: WorkName, input: WorkInput): Promise<unknown> {
    return (await this.#start(work, input)).getResult();
  }

  async status(id: string): Promise<string> {
    return (await this.#parts.dbos.getWorkflowStatus(id))?.status ?? "missing";
  }

  /** A message goes to a workflow's id, which is its key here. */
  async emit(key: string, sentAt: number): Promise<void> {
    await this.#parts.dbos.send(key, { sentAt }, "wake");
  }

  async unfinished(): Promise<boolean> {
    const sql = "SELECT 1 FROM dbos.workflow_status WHERE status IN ('PENDING', 'ENQUEUED', 'DELAYED') LIMIT 1";
    return (await this.#parts.asking.query(sql)).rows.length > 0;
  }

  processes(): Processes {
    return { server: this.#parts.postgres.pids(), worker: [process.pid] };
  }

  async durability(): Promise<string> {
    return this.#parts.postgres.durability();
  }

  async close(): Promise<void> {
    await this.#parts.asking.end();
    await Promise.race([this.#parts.dbos.shutdown(), pause(2_000)]);
    await this.#parts.postgres.stop();
  }
}
