// OpenWorkflow: its library in this process over SQLite with synchronous FULL. `polled` is the worker as it ships, which
// polls every 100 ms to 1 s; `tick` is the same worker told to look whenever something was started or a millisecond went
// by. In both a caller is told of the end by the store's own write: the library's `result()` asks once a second.

import { join } from "node:path";
import { pause, preciseNow } from "../../clock.ts";
import type { Processes } from "../../processes.ts";
import type { Contender, Setup, WorkInput, WorkName } from "../contender.ts";
import { Marks, passGate, timeSteps } from "../marks.ts";
import { loadPeer } from "../peers.ts";

const TICK_MS = 1;
/** `PRAGMA synchronous` as a number: FULL. */
const SYNCHRONOUS_FULL = 2;

interface Database {
  exec(sql: string): void;
  prepare(sql: string): { get(...values: unknown[]): Record<string, unknown> | null };
}

/** The parts of the library that are used here. */
interface Backend {
  readonly db: Database;
  getWorkflowRun(params: { readonly workflowRunId: string }): Promise<{ readonly status: string } | null>;
  completeWorkflowRun(params: { readonly workflowRunId: string; readonly output: unknown }): Promise<unknown>;
  stop(): Promise<void>;
}
interface StepApi {
  run<T>(options: { readonly name: string }, step: () => T | Promise<T>): Promise<T>;
  sleep(name: string, duration: string): Promise<void>;
  waitForSignal<T>(options: {
    readonly signal: string;
    readonly timeout: string;
  }): Promise<{ readonly data: T } | null>;
}
type Work = (given: { readonly input: WorkInput; readonly step: StepApi }) => Promise<unknown>;
interface Handle {
  readonly workflowRun: { readonly id: string };
}
interface Defined {
  run(input: WorkInput, options: { readonly availableAt?: Date }): Promise<Handle>;
}
interface Worker {
  start(): Promise<void>;
  stop(): Promise<void>;
  tick(): Promise<number>;
}
interface Library {
  defineWorkflow(spec: { readonly name: string }, work: Work): Defined;
  newWorker(options: { readonly concurrency: number }): Worker;
  sendSignal(options: { readonly signal: string; readonly data: unknown }): Promise<unknown>;
}

export type OpenWorkflowMode = "tick" | "polled";

export async function openOpenWorkflow(setup: Setup, mode: OpenWorkflowMode): Promise<Contender> {
  const { BackendSqlite } = await loadPeer<{ BackendSqlite: { connect(path: string): Backend } }>(
    "openworkflow/sqlite",
  );
  const { OpenWorkflow } = await loadPeer<{ OpenWorkflow: new (options: { backend: Backend }) => Library }>(
    "openworkflow",
  );
  const backend = BackendSqlite.connect(join(setup.folder, "openworkflow.db"));
  backend.db.exec("PRAGMA synchronous = FULL");
  const contender = new OpenWorkflowContender(
    { backend, library: new OpenWorkflow({ backend }), mode },
    setup.gateOpen,
  );
  await contender.begin();
  return contender;
}

function worksOf(gateOpen: boolean): Record<WorkName, Work> {
  const marks = new Marks();
  return {
    noop: async () => 0,
    steps3: async ({ step }) => {
      const a = await step.run({ name: "a" }, () => 1);
      const b = await step.run({ name: "b" }, () => 2);
      const c = await step.run({ name: "c" }, () => 3);
      return a + b + c;
    },
    steps: async ({ input, step }) => {
      return timeSteps(input.count ?? 0, async (index) => step.run({ name: `step ${index}` }, () => index));
    },
    nap: async ({ input: { key, ms = 0 }, step }) => {
      marks.begin(key);
      await step.sleep("nap", `${ms}ms`);
      return marks.woken(key, marks.since(key) - ms);
    },
    listen: async ({ input: { key }, step }) => {
      marks.begin(key);
      const got = await step.waitForSignal<{ readonly sentAt: number }>({ signal: key, timeout: "10m" });
      return marks.woken(key, preciseNow() - (got?.data.sentAt ?? Number.NaN));
    },
    stamp: async ({ input }) => preciseNow() - (input.sentAt ?? 0),
    gated: async ({ step }) => {
      await step.run({ name: "a" }, () => 1);
      await step.run({ name: "b" }, async () => passGate(gateOpen));
      return step.run({ name: "c" }, () => 3);
    },
  };
}

interface Parts {
  readonly backend: Backend;
  readonly library: Library;
  readonly mode: OpenWorkflowMode;
}

class OpenWorkflowContender implements Contender {
  readonly #parts: Parts;
  readonly #works: Readonly<Record<WorkName, Defined>>;
  /** With as many slots as there are callers: the worker asks the store once for each slot that is free. */
  #worker: Worker;
  /** Callers by the run they wait for, and results that came before their caller. */
  readonly #waiting = new Map<string, (output: unknown) => void>();
  readonly #results = new Map<string, unknown>();
  #kick: () => void = () => {};
  #ticking: Promise<void> | undefined;
  #closed = false;

  constructor(parts: Parts, gateOpen: boolean) {
    this.#parts = parts;
    const works = Object.entries(worksOf(gateOpen)).map(([name, work]) => {
      return [name, parts.library.defineWorkflow({ name }, work)] as const;
    });
    this.#works = Object.fromEntries(works) as Record<WorkName, Defined>;
    this.#worker = parts.library.newWorker({ concurrency: 1 });
  }

  async expect(callers: number): Promise<void> {
    const before = this.#worker;
    this.#worker = this.#parts.library.newWorker({ concurrency: callers });
    if (this.#parts.mode === "tick") return;
    await before.stop();
    await this.#worker.start();
  }

  async begin(): Promise<void> {
    const { backend, mode } = this.#parts;
    const complete = backend.completeWorkflowRun.bind(backend);
    backend.completeWorkflowRun = async (params) => {
      const completed = await complete(params);
      const waiting = this.#waiting.get(params.workflowRunId);
      if (waiting === undefined) this.#results.set(params.workflowRunId, params.output);
      else waiting(params.output);
      return completed;
    };
    if (mode === "tick") this.#ticking = this.#tick();
    else await this.#worker.start();
  }

  async #tick(): Promise<void> {
    while (!this.#closed) {
      const kicked = new Promise<void>((resolve) => {
        this.#kick = resolve;
      });
      if ((await this.#worker.tick()) === 0) await Promise.race([kicked, pause(TICK_MS)]);
    }
  }

  async start(work: WorkName, input: WorkInput, options: { readonly delayMs?: number } = {}): Promise<string> {
    return (await this.#start(work, input, options.delayMs)).workflowRun.id;
  }

  async #start(work: WorkName, input: WorkInput, delayMs?: number): Promise<Handle> {
    const when = delayMs === undefined ? {} : { availableAt: new Date(Date.now() + delayMs) };
    const handle = await this.#works[work].run(input, when);
    this.#kick();
    return handle;
  }

  async run(work: WorkName, input: WorkInput): Promise<unknown> {
    const { id } = (await this.#start(work, input)).workflowRun;
    if (!this.#results.has(id)) {
      return new Promise((resolve) => {
        this.#waiting.set(id, (output) => {
          this.#waiting.delete(id);
          resolve(output);
        });
      });
    }
    const output = this.#results.get(id);
    this.#results.delete(id);
    return output;
  }

  async status(id: string): Promise<string> {
    return (await this.#parts.backend.getWorkflowRun({ workflowRunId: id }))?.status ?? "missing";
  }

  async emit(key: string, sentAt: number): Promise<void> {
    await this.#parts.library.sendSignal({ signal: key, data: { sentAt } });
    this.#kick();
  }

  async unfinished(): Promise<boolean> {
    const sql = "SELECT 1 AS one FROM workflow_runs WHERE status IN ('pending', 'running', 'sleeping') LIMIT 1";
    return (this.#parts.backend.db.prepare(sql).get() ?? undefined) !== undefined;
  }

  processes(): Processes {
    return { server: [process.pid], worker: [] };
  }

  async durability(): Promise<string> {
    const row = this.#parts.backend.db.prepare("PRAGMA synchronous").get();
    if (row?.["synchronous"] !== SYNCHRONOUS_FULL)
      throw new Error(`PRAGMA synchronous is ${String(row?.["synchronous"])}`);
    return "PRAGMA synchronous = FULL";
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#kick();
    await this.#ticking;
    if (this.#parts.mode === "polled") await this.#worker.stop();
    await this.#parts.backend.stop();
  }
}
