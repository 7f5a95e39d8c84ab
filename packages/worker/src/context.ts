// The durable calls a workflow is given: each takes its place in the journal and becomes a promise that settles once.
import { encodeValue, parseDuration, SluiceError } from "@sluice/protocol";
import type { Duration } from "@sluice/protocol";
import type {
  BuildOptions,
  ApproveOptions,
  Branches,
  CallbackToken,
  ChildOptions,
  Context,
  EmitOptions,
  HeldLock,
  LockOptions,
  StepContext,
  StepOptions,
  Task,
  TaskCallOptions,
  TokenOptions,
  TransactionOptions,
  WaitOptions,
  Workflow,
} from "@sluice/sdk";
import { approvalLinks, plainApproval } from "./approval-calls.ts";
import type { ApprovalLinks } from "./approval-calls.ts";
import { approveTogether, asksSomebody } from "./approve.ts";
import type { Asking } from "./approve.ts";
import { makeAttributes } from "./attributes.ts";
import { Caller, never } from "./caller.ts";
import { buildInput, childCall, parsed } from "./child-call.ts";
import type { ChildRequest } from "./child-call.ts";
import type { Incarnation } from "./incarnation.ts";
import { makeLog, repeats } from "./log.ts";
import { race } from "./race.ts";
import { decoded, timedOut, timeLimit } from "./time-limit.ts";
import type { Scope } from "./scope.ts";
import { makeServices } from "./service-calls.ts";
import { makeState } from "./state.ts";
import { cacheOf } from "./step-cache.ts";
import { callStep } from "./step-call.ts";
import { taskCall } from "./task-call.ts";
import { planOf } from "./step-plan.ts";
import { transact } from "./transaction.ts";

class RunContext {
  readonly #caller: Caller;
  readonly #run: Incarnation;
  readonly #scope: Scope;
  #state: Context["state"] | undefined;
  #log: Context["log"] | undefined;
  #services: Context["services"] | undefined;
  #attributes: Context["attributes"] | undefined;
  readonly run: Context["run"];
  readonly attempt: number;

  constructor(run: Incarnation, scope: Scope) {
    this.#run = run;
    this.#scope = scope;
    this.#caller = new Caller(run, scope);
    this.attempt = run.assignment.attempt;
    const { workflow, version, tags, parent, key, created } = run.assignment;
    this.run = { id: run.assignment.run, workflow, version, tags, parent, idempotencyKey: key, createdAt: created };
  }

  get signal(): AbortSignal {
    return this.#scope.signal;
  }

  get state(): Context["state"] {
    this.#state ??= makeState(this.#caller);
    return this.#state;
  }

  get services(): Context["services"] {
    this.#services ??= makeServices(this.#caller);
    return this.#services;
  }

  get attributes(): Context["attributes"] {
    this.#attributes ??= makeAttributes(this.#run);
    return this.#attributes;
  }

  get log(): Context["log"] {
    this.#log ??= makeLog(this.#run);
    return this.#log;
  }

  step = (name: string, own: (step: StepContext) => unknown, options: StepOptions<never> = {}): Promise<unknown> => {
    const refused = this.#caller.refuse("step");
    if (refused !== undefined) return refused;
    const run = this.#run;
    const plan = planOf(options.retry, run.workflow.options.retry, options.timeout);
    const cache = cacheOf(options, name);
    const { undo, circuitBreaker } = options;
    const gate = circuitBreaker === undefined ? undefined : run.host.breakers.gate(circuitBreaker);
    return callStep(this.#caller, { name, body: own, undo, plan: () => plan, gate, cache });
  };

  transaction = (
    db: unknown,
    body: (tx: never, step: StepContext) => unknown,
    options: TransactionOptions<never> = {},
  ): Promise<unknown> => transact(this.#caller, { db, body, options });

  sleep = (first: string | Duration, duration?: Duration): Promise<unknown> => {
    const name = duration === undefined ? "sleep" : String(first);
    const delay = parseDuration(duration ?? first);
    return this.#caller.call("sleep", {
      kind: "sleep",
      name,
      wait: "sleeping",
      op: ({ seq, n }) => ({ op: "sleep", seq, name, n, delay }),
    });
  };

  sleepUntil = (first: string | Date | number, time?: Date | number): Promise<unknown> => {
    const name = time === undefined ? "sleep" : String(first);
    const until = Number(time ?? first);
    if (!Number.isFinite(until)) {
      return Promise.reject(
        new SluiceError({
          code: "invalid_duration",
          message: `ctx.sleepUntil got ${String(time ?? first)}, which is no time.`,
          hint: "Pass a Date or milliseconds since 1970.",
        }),
      );
    }
    return this.#caller.call("sleepUntil", {
      kind: "sleep",
      name,
      wait: "sleeping",
      op: ({ seq, n }) => ({ op: "sleep", seq, name, n, until }),
    });
  };

  waitFor = (event: string, options: WaitOptions = {}): Promise<unknown> => {
    const { key, match } = options;
    return this.#caller.call("waitFor", {
      kind: "event",
      name: event,
      wait: "waiting_for_event",
      op: ({ seq, n }) => ({
        op: "event",
        seq,
        name: event,
        n,
        ...(key === undefined ? {} : { key }),
        ...(match === undefined ? {} : { match: encodeValue(match) }),
        ...timeLimit(options.timeout),
      }),
      value: decoded,
      failed: timedOut(`Waiting for event ${event}`, options),
    });
  };

  approve = (name: string, options: ApproveOptions = {}): Promise<unknown> => {
    const refused = this.#caller.refuse("approve");
    if (refused !== undefined) return refused;
    if (asksSomebody(options)) return approveTogether(this.#asking(), name, options);
    return this.#caller.call("approve", plainApproval(name, options));
  };

  #asking(): Asking {
    const run = this.#run;
    return {
      ctx: this as unknown as Context,
      url: run.assignment.url,
      group: () => run.random.uuid(),
      nextSeq: () => run.replay.nextSeq,
      blame: (error, seq) => run.ending.blame(error, seq),
      linksOf: (ctx) => (ctx as unknown as RunContext).#links(),
    };
  }

  #links(): ApprovalLinks {
    return approvalLinks(this.#caller);
  }

  token = async (name: string, options: TokenOptions = {}): Promise<CallbackToken> => {
    const made = (await this.#caller.call("token", {
      kind: "token",
      name,
      op: ({ seq, n }) => ({ op: "token", seq, name, n, ...timeLimit(options.timeout) }),
      value: decoded,
    })) as string;
    const url = `${this.#run.assignment.url}/api/v1/callbacks/${made}`;
    return { token: made, url, wait: (wait = {}) => this.#callback(name, made, wait) };
  };

  #callback(name: string, token: string, options: { readonly timeout?: Duration }): Promise<unknown> {
    return this.#caller.call("token", {
      kind: "callback",
      name,
      wait: "waiting_for_callback",
      op: ({ seq, n }) => ({ op: "callback", seq, name, n, token, ...timeLimit(options.timeout) }),
      value: decoded,
      failed: timedOut(`Callback ${name}`, {}),
    });
  }

  call = (workflow: Workflow | string, input: unknown, options: ChildOptions = {}): Promise<unknown> =>
    this.#child("call", { workflow, input, options });

  start = (workflow: Workflow | string, input: unknown, options: ChildOptions = {}): Promise<unknown> =>
    this.#child("start", { workflow, input, options });

  build = (tasks: string | readonly string[], options: BuildOptions = {}): Promise<unknown> =>
    this.#child("call", { workflow: "build.start", input: buildInput(tasks, options), options: {} });

  task = (task: Task | string, input: unknown, options: TaskCallOptions<unknown> = {}): Promise<unknown> =>
    this.#caller.call("task", taskCall(this.#run, { task, input, options }));

  #child(kind: "call" | "start", request: ChildRequest): Promise<unknown> {
    return this.#caller.call(kind, childCall(this.#run, kind, request));
  }

  continueAs = async (input: unknown): Promise<never> => {
    const refused = this.#caller.refuse("continueAs");
    if (refused !== undefined) return refused;
    const run = this.#run;
    const { name, options } = run.workflow;
    const value = options.input === undefined ? input : await parsed(name, options.input, input);
    const bytes = encodeValue(value);
    if (!run.isOver(this.#scope) && run.refusal === undefined) run.ending.continued(bytes);
    return never();
  };

  emit = (event: string, payload?: unknown, options: EmitOptions = {}): Promise<unknown> =>
    this.#caller.call("emit", {
      kind: "emit",
      name: event,
      op: ({ seq, n }) => ({
        op: "emit",
        seq,
        name: event,
        n,
        payload: encodeValue(payload),
        ...(options.key === undefined ? {} : { key: options.key }),
        ...(options.id === undefined ? {} : { id: options.id }),
      }),
    });

  map = async (
    items: readonly unknown[],
    body: (item: unknown, index: number) => Promise<unknown>,
    options: { readonly concurrency?: number } = {},
  ): Promise<unknown[]> => {
    const wanted = options.concurrency ?? items.length;
    if (Number.isNaN(wanted)) {
      throw new SluiceError({
        code: "bad_request",
        message: "ctx.map got NaN as its concurrency.",
        hint: "Pass a whole number, or leave it out to run all at once.",
      });
    }
    const results = Array.from<unknown>({ length: items.length });
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < items.length) {
        const index = next++;
        results[index] = await body(items[index], index);
      }
    };
    const lanes = Math.max(1, Math.min(items.length, Math.floor(wanted)));
    await Promise.all(Array.from({ length: lanes }, lane));
    return results;
  };

  race = (branches: Branches): Promise<unknown> =>
    this.#caller.refuse("race") ?? race(this.#run, this.#scope, branches);

  lock = async (
    name: string,
    body: (lock: HeldLock) => Promise<unknown>,
    options: LockOptions = {},
  ): Promise<unknown> => {
    const held = (await this.#caller.call("lock", {
      kind: "lock",
      name,
      wait: "waiting_for_lock",
      op: ({ seq, n }) => ({
        op: "lock",
        seq,
        name,
        n,
        ...(options.ttl === undefined ? {} : { ttl: parseDuration(options.ttl) }),
        ...timeLimit(options.timeout),
      }),
      value: (bytes) => {
        const lock = decoded(bytes) as HeldLock;
        this.#scope.locks.set(name, lock.fence);
        return lock;
      },
      failed: timedOut(`Lock ${name}`, {}),
    })) as HeldLock;
    try {
      return await body(held);
    } finally {
      if (!this.#scope.abandoned) this.#scope.locks.delete(name);
      if (this.#run.refusal === undefined) {
        await this.#caller.call("lock", {
          kind: "unlock",
          name,
          op: ({ seq, n }) => ({ op: "unlock", seq, name, n, fence: held.fence }),
        });
      }
    }
  };

  now = (): number => this.#run.time;

  random = (): number => {
    this.#caller.requireWorkflow("random");
    return this.#run.random.float();
  };

  uuid = (): string => {
    this.#caller.requireWorkflow("uuid");
    return this.#run.random.uuid();
  };

  patched = (id: string): boolean => {
    this.#caller.requireWorkflow("patched");
    return this.#run.patches.apply(id);
  };

  stream = (chunk: unknown): void => this.#run.stream.add(chunk);

  progress = (value: unknown): void => {
    const run = this.#run;
    if (repeats(run)) return;
    run.push({ op: "progress", value: encodeValue(value), at: run.host.clock.now() }, false);
  };
}

/** The context of a scope. */
export function makeContext(run: Incarnation, scope: Scope): Context {
  return new RunContext(run, scope) as unknown as Context;
}
