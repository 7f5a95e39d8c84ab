// A store that fails on purpose: commits that fail or are answered late, and a crash before or after any write.
import { SluiceError } from "@sluice/protocol";
import { brokenError, BrokenIncarnations } from "../kernel/broken-incarnations.ts";
import type { Actor, RunStore } from "../kernel/run-store.ts";
import type { TriggerStore } from "../kernel/trigger-store.ts";

type StoreVerb = keyof RunStore | keyof TriggerStore;

/** Which verbs of the trigger port change something. */
const triggerWrites: Readonly<Record<keyof TriggerStore, boolean>> = {
  putTriggers: true,
  setTriggerPaused: true,
  advanceTrigger: true,
  listTriggers: false,
  findMarks: false,
  listMarks: false,
  listHeld: false,
  countHeld: false,
  findHeld: false,
  recordDelivery: true,
  getDelivery: false,
  listDeliveries: false,
  sweepTriggers: true,
};

/** Which verbs of the run port do. */
const writes: Readonly<Record<keyof RunStore, boolean>> = {
  createRun: true,
  claimRuns: true,
  readJournal: false,
  append: true,
  parkRun: true,
  releaseRuns: true,
  recover: true,
  blockRun: true,
  unblockRuns: true,
  fireTimers: true,
  emitEvent: true,
  completeToken: true,
  commentApproval: true,
  cancelRun: true,
  pauseRun: true,
  resumeRun: true,
  retryRun: true,
  forkRun: true,
  importRun: true,
  moveRun: true,
  deleteRuns: true,
  purgeRuns: true,
  sweep: true,
  setState: true,
  deleteState: true,
  clearStepCache: true,
  getState: false,
  listStepCache: false,
  readStream: false,
  listState: false,
  putSchedules: true,
  listSchedules: false,
  setSchedulePaused: true,
  fireSchedule: true,
  listHeldTimes: false,
  countHeldTimes: false,
  putVersion: true,
  putFlow: true,
  setQueuePaused: true,
  listQueues: false,
  listVersions: false,
  listRetentions: false,
  versionsInUse: false,
  getRun: false,
  getRuns: false,
  searchRuns: false,
  searchEventNames: false,
  searchStateKeys: false,
  findByKey: false,
  listRuns: false,
  countRuns: false,
  listLogs: false,
  getToken: false,
  listTokens: false,
  listComments: false,
  listEvents: false,
  blobsInUse: false,
  stats: false,
  enterBreaker: true,
  resetBreaker: true,
  listTasks: false,
  claimTasks: true,
  settleTask: true,
  retryTask: true,
  noteTask: true,
  listBreakers: false,
  backup: false,
  close: false,
};

/** A verb that changes something is about to be carried out. */
export interface StoreWrite {
  /** From 1, in the order of the calls to this wrapper. */
  readonly number: number;
  readonly verb: StoreVerb;
  /** The verb's parameter object. */
  readonly params: unknown;
}

/**
 * What goes wrong with a write. `fail`: it is refused with `store_failed` and has changed nothing. `delay`: it happens at once
 * and is answered when the promise resolves; writes made later may be answered before. `crash_before`, `crash_after`: the
 * machine stops just before or just after the write, which in either case is never acknowledged, nor is anything that comes
 * later or still waits for a delayed answer.
 */
type StoreFault =
  | { readonly fault: "fail" }
  | { readonly fault: "delay"; readonly until: Promise<void> }
  | { readonly fault: "crash_before" }
  | { readonly fault: "crash_after" };

/** Asked once for each write, before it. */
export type FaultPlan = (write: StoreWrite) => StoreFault | undefined;

export interface FaultyStoreOptions {
  readonly plan: FaultPlan;
  /** After a crash calls never answer, or reject with `store_failed`. */
  readonly afterCrash: "silence" | "reject";
  /** The trigger port; that of the store inside without it. */
  readonly triggers?: TriggerStore | undefined;
}

/** A wrapper around a store, and what became of it. The store inside lives on and can be wrapped again. */
export interface FaultyStore {
  /** What the engine under test is given. Closing it leaves the store inside open. */
  readonly store: RunStore;
  /** The trigger port of the store inside, with the same faults. Throws where it has none. */
  readonly triggers: TriggerStore;
  /** Writes asked for so far, those that failed included. */
  readonly writes: number;
  readonly crashed: boolean;
  /** Stops the machine now: nothing is written or answered any more. */
  crash(): void;
}

/** Wraps a store so that its writes fail as planned. Reads pass until the crash. */
export function faultyStore(
  inner: RunStore & { readonly triggers?: TriggerStore | undefined },
  options: FaultyStoreOptions,
): FaultyStore {
  return new Wrapper(inner, options);
}

/** A plan with one crash at write `number`. */
export function crashAt(number: number, when: "before" | "after"): FaultPlan {
  return (write) =>
    write.number === number ? { fault: when === "before" ? "crash_before" : "crash_after" } : undefined;
}

/** Every verb that changes something says on whose behalf: one that does not is a bug of whoever calls it. */
function requireActor({ verb, params }: { readonly verb: StoreVerb; readonly params: unknown }): void {
  const { kind } = (params as { readonly by?: Partial<Actor> }).by ?? {};
  if (kind === undefined) throw new Error(`${verb} does not say on whose behalf it changes something`);
}

type Verb = (params: unknown) => Promise<unknown>;
type Incarnation = { readonly run: string; readonly epoch: number };

class Wrapper implements FaultyStore {
  readonly store: RunStore;
  readonly #triggers: TriggerStore | undefined;
  readonly #options: FaultyStoreOptions;
  readonly #broken = new BrokenIncarnations();
  #writes = 0;
  #crashed = false;
  #closed = false;

  constructor(inner: RunStore & { readonly triggers?: TriggerStore | undefined }, options: FaultyStoreOptions) {
    this.#options = options;
    const triggers = options.triggers ?? inner.triggers;
    this.#triggers = triggers === undefined ? undefined : (this.#wrap(triggers, triggerWrites) as TriggerStore);
    const close = async (): Promise<void> => {
      this.#closed = true;
    };
    this.store = { ...(this.#wrap(inner, writes) as RunStore), close };
  }

  #wrap(port: object, changes: Readonly<Record<string, boolean>>): object {
    const verbs = port as Readonly<Record<string, Verb>>;
    const wrapped = Object.entries(changes).map(([name, writing]) => {
      const verb = name as StoreVerb;
      const call: Verb = (params) => (verbs[name] as Verb).call(port, params);
      const wrap: Verb = (params) => (writing ? this.#write({ verb, params, call }) : this.#read(call, params));
      return [name, wrap] as const;
    });
    return Object.fromEntries(wrapped);
  }

  get triggers(): TriggerStore {
    if (this.#triggers === undefined) throw new Error("the store inside has no trigger port");
    return this.#triggers;
  }

  get writes(): number {
    return this.#writes;
  }

  get crashed(): boolean {
    return this.#crashed;
  }

  crash(): void {
    this.#crashed = true;
  }

  async #read(call: Verb, params: unknown): Promise<unknown> {
    if (this.#gone) return this.#refuse();
    return this.#answer(call(params));
  }

  async #write(p: { readonly verb: StoreVerb; readonly params: unknown; readonly call: Verb }): Promise<unknown> {
    if (this.#gone) return this.#refuse();
    requireActor(p);
    const fault = this.#options.plan({ number: ++this.#writes, verb: p.verb, params: p.params });
    const incarnation = p.verb === "append" || p.verb === "parkRun" ? (p.params as Incarnation) : undefined;
    if (incarnation !== undefined && this.#broken.has(incarnation.run, incarnation.epoch)) {
      throw brokenError(incarnation.run);
    }
    if (fault?.fault === "fail") {
      if (incarnation !== undefined) this.#broken.note(incarnation.run, incarnation.epoch);
      throw failure("The write was refused.");
    }
    if (fault?.fault === "crash_before") {
      this.#crashed = true;
      return this.#refuse();
    }
    const pending = p.call(p.params);
    if (fault?.fault === "crash_after") this.#crashed = true;
    return this.#answer(pending, fault?.fault === "delay" ? fault.until : undefined);
  }

  /** Passes on what the store inside answers, unless the machine stops first. */
  async #answer(pending: Promise<unknown>, until?: Promise<void>): Promise<unknown> {
    const [settled] = await Promise.allSettled([pending, until]);
    if (this.#crashed) return this.#refuse();
    if (settled.status === "rejected") throw settled.reason;
    return settled.value;
  }

  get #gone(): boolean {
    return this.#crashed || this.#closed;
  }

  async #refuse(): Promise<never> {
    if (!this.#crashed) throw failure("The store has been closed.");
    if (this.#options.afterCrash === "reject") throw failure("The machine has stopped.");
    return new Promise<never>(() => undefined);
  }
}

function failure(message: string): SluiceError {
  return new SluiceError({ code: "store_failed", message });
}
