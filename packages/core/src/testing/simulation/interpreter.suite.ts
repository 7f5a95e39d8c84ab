// Executes a program tree as a workflow: every node is a durable call, and the ledger hears of everything that is seen.
import type { ApproveOptions, Context, StepCache, StepContext } from "@sluice/sdk";
import { CancelledError, NonRetryableError } from "@sluice/sdk";
import { never } from "./life.suite.ts";
import type { Life, Witness } from "./life.suite.ts";
import { nameOf } from "./program.suite.ts";
import type { Node, Program, StepNode } from "./program.suite.ts";
import { callTask } from "./task-play.suite.ts";

type NodeOf<K extends Node["type"]> = Extract<Node, { readonly type: K }>;

/** Everything a node needs besides itself. */
export interface Playing {
  readonly ctx: Context;
  readonly life: Life;
  readonly witness: Witness;
  readonly programs: readonly Program[];
  /** Added to every path: which item of a map this is. */
  readonly suffix: string;
  /** The context of the run itself; race branches have their own. */
  readonly root: Context;
}

/** Plays a node; what it returns depends on results alone. */
export async function play(node: Node, p: Playing): Promise<unknown> {
  const path = node.path + p.suffix;
  const { ctx } = p;
  switch (node.type) {
    case "step":
      return playStep(node, path, p);
    case "sleep":
      return leaf(p, path, () => (node.until ? ctx.sleepUntil(path, ctx.now() + node.ms) : ctx.sleep(path, node.ms)));
    case "wait":
      return playWait(node, path, p);
    case "emit":
      return leaf(p, path, () =>
        ctx.emit(
          node.event,
          { m: node.m, number: p.witness.nextEvent() },
          { ...keyed(node.key), ...(node.once ? { id: p.witness.emitId(p.life, path) } : {}) },
        ),
      );
    case "state":
      return playState(node, path, p);
    case "lock":
      return playLock(node, path, p);
    case "call":
    case "start":
      return playChild(node, path, p);
    case "approve":
      return caught(p, path, async () => {
        const limit = { ...limited(node.timeoutMs), ...(node.fallback ? { onTimeout: "nobody" } : {}) };
        return digest(await ctx.approve(path, node.several === true ? { ...limit, ...severalPeople } : limit));
      });
    case "token":
      return playToken(node, path, p);
    case "patched":
      // The first version of the code has no such guard; later ones do more behind it.
      if (p.life.version === "v1" || !ctx.patched(`patch ${path}`)) return "old";
      return leaf(p, path, () => ctx.step(`${path} new`, () => "new"));
    case "values":
      p.witness.saw(p.life, path, `${ctx.random()} ${ctx.uuid()} ${ctx.now()}`);
      return "values";
    case "log":
      ctx.log(path);
      ctx.progress(path);
      ctx.stream(path);
      ctx.attributes.set({ last: path });
      return "log";
    default:
      return playGroup(node, path, p);
  }
}

const severalPeople: ApproveOptions<string> = {
  approvers: ["user:a", "role:b", "c"],
  need: 2,
  remind: { every: 3_000, times: 2 },
  escalate: { after: 20_000, to: ["user:d"] },
  notify: ({ approver, why, reminder }, ctx) => ctx.step(`tell ${approver} ${why} ${reminder}`, () => "told"),
};

async function playGroup(
  node: NodeOf<"seq" | "all" | "race" | "ctxRace" | "map" | "try" | "throw">,
  path: string,
  p: Playing,
): Promise<unknown> {
  switch (node.type) {
    case "seq": {
      const results: unknown[] = [];
      for (const each of node.nodes) results.push(await play(each, p));
      return results;
    }
    case "all":
      return Promise.all(node.nodes.map((each) => play(each, p)));
    case "race":
      return Promise.race(node.nodes.map(async (each, index) => ({ won: index, value: await play(each, p) })));
    case "ctxRace": {
      const branches = node.nodes.map(
        (each, index) => [`b${index}`, (ctx: Context) => play(each, { ...p, ctx })] as const,
      );
      const { winner, value } = await leaf(
        p,
        path,
        () => p.ctx.race(Object.fromEntries(branches)),
        (won) => won.winner,
      );
      return { won: winner, value };
    }
    case "map": {
      const items = Array.from({ length: node.items }, (_, index) => index);
      return p.ctx.map(items, (item) => play(node.body, { ...p, suffix: `${p.suffix}@${item}` }), {
        concurrency: node.concurrency,
      });
    }
    case "try":
      return caught(p, undefined, () => play(node.body, p));
    default:
      throw node.cancels === true ? new CancelledError(`thrown at ${path}`) : new Error(`thrown at ${path}`);
  }
}

/** Makes a call and reports what came of it. Errors are reported and thrown on. */
async function leaf<T>(
  p: Playing,
  path: string,
  call: () => Promise<T>,
  shown: (value: T) => unknown = (value) => value,
): Promise<T> {
  let value: T;
  try {
    value = await call();
  } catch (error) {
    report(p, path, `! ${messageOf(error)}`);
    throw error;
  }
  report(p, path, `= ${digest(shown(value))}`);
  return value;
}

/** The same, with a failure turned into a result; cancellation is passed on. */
async function caught(p: Playing, path: string | undefined, call: () => Promise<unknown>): Promise<unknown> {
  try {
    return path === undefined ? await call() : await leaf(p, path, call);
  } catch (error) {
    if (p.root.signal.aborted) throw error;
    return { caught: messageOf(error) };
  }
}

/** What a cancelled run sees is not journaled, and so not the same in the next incarnation. */
function report(p: Playing, path: string, what: string): void {
  if (p.root.signal.aborted) return;
  p.witness.saw(p.life, path, what);
}

function keyed(key: string | undefined): { readonly key?: string } {
  return key === undefined ? {} : { key };
}

function limited(timeoutMs: number | undefined): { readonly timeout?: number } {
  return timeoutMs === undefined ? {} : { timeout: timeoutMs };
}

async function playWait(node: NodeOf<"wait">, path: string, p: Playing): Promise<unknown> {
  const options = {
    ...keyed(node.key),
    ...(node.match === undefined ? {} : { match: node.match }),
    ...limited(node.timeoutMs),
    ...(node.fallback ? { onTimeout: "nothing came" } : {}),
  };
  return digest(await caught(p, path, () => p.ctx.waitFor(node.event, options)));
}

async function playState(node: NodeOf<"state">, path: string, p: Playing): Promise<unknown> {
  const scope = p.ctx.state[node.scope];
  return caught(p, path, async () => {
    switch (node.verb) {
      case "get":
        return digest(await scope.get(node.key));
      case "set":
        return scope.set(node.key, node.amount);
      case "incr":
        return scope.incr(node.key, node.amount);
      case "delete":
        return scope.delete(node.key);
    }
  });
}

async function playLock(node: NodeOf<"lock">, path: string, p: Playing): Promise<unknown> {
  const { name, ttlMs } = node;
  const options = { ...(ttlMs === undefined ? {} : { ttl: ttlMs }), ...limited(node.timeoutMs) };
  return caught(p, undefined, () =>
    p.ctx.lock(
      name,
      async ({ fence }) => {
        report(p, path, `= fence ${fence}`);
        const leave = p.witness.entered(p.life, path, { name, fence, ttlMs });
        try {
          return await play(node.body, p);
        } finally {
          leave();
        }
      },
      options,
    ),
  );
}

async function playChild(node: NodeOf<"call" | "start">, path: string, p: Playing): Promise<unknown> {
  const program = p.programs[node.program];
  if (program === undefined) throw new Error(`there is no program ${node.program}`);
  const options = node.key === undefined ? {} : { idempotencyKey: node.key };
  const input = { by: node.key ?? path };
  if (node.type === "start") {
    await leaf(p, path, () => p.ctx.start(program.name, input, options));
    return "started";
  }
  return caught(p, path, () => p.ctx.call(program.name, input, options));
}

async function playToken(node: NodeOf<"token">, path: string, p: Playing): Promise<unknown> {
  return caught(p, undefined, async () => {
    const token = await leaf(
      p,
      path,
      () => p.ctx.token(path, limited(node.timeoutMs)),
      ({ token: text }) => text,
    );
    return digest(await leaf(p, `${path} wait`, () => token.wait(limited(node.waitMs))));
  });
}

function cacheOf({ key, ttlMs, flightMs }: NonNullable<StepNode["cache"]>): StepCache {
  const cache = { key, ttl: ttlMs, scope: "global" } as const;
  return flightMs === undefined ? cache : { ...cache, singleFlight: { wait: flightMs } };
}

async function playStep(node: StepNode, path: string, p: Playing): Promise<unknown> {
  const undo = undoOf(node, path, p);
  if (node.task === true) {
    const called = (): Promise<unknown> => callTask(p.ctx, { node, path, undo });
    return node.caught ? caught(p, path, called) : leaf(p, path, called);
  }
  const { cache, breaker } = node;
  const call = (): Promise<unknown> =>
    p.ctx.step(nameOf(node, path), (step) => attempt(node, step, p, path), {
      retry: { attempts: node.attempts, backoff: "fixed", delay: node.retryMs, maxDelay: 3_600_000 },
      ...limited(node.timeoutMs),
      ...(cache === undefined ? {} : { cache: cacheOf(cache) }),
      ...(breaker === undefined ? {} : { circuitBreaker: breaker }),
      ...(undo === undefined ? {} : { undo }),
    });
  return node.caught ? caught(p, path, call) : leaf(p, path, call);
}

function undoOf(
  node: StepNode,
  path: string,
  p: Playing,
): ((result: unknown, step: StepContext) => unknown) | undefined {
  const { undo } = node;
  if (undo === undefined) return undefined;
  return (result, step) => {
    if (p.life.host.dead) return never();
    const effect = p.witness.began(p.life, { ...node, path }, step, { result });
    const failing = step.attempt <= undo.fails;
    return busy(p, undo.ms, () => {
      effect.end(failing ? "failed" : "done");
      if (failing) throw new Error(`undo ${path} attempt ${step.attempt}`);
    });
  };
}

/** One attempt of a step: its outcome depends on the number of the attempt alone. */
function attempt(node: StepNode, step: StepContext, p: Playing, path: string): unknown {
  const { life, witness } = p;
  if (life.host.dead) return never();
  const effect = witness.began(life, { ...node, path }, step);
  const outcome = (): string => {
    if (node.fatal) {
      effect.end("failed");
      throw new NonRetryableError(`fatal ${path}`);
    }
    if (step.attempt - node.slow <= node.fails) {
      effect.end("failed");
      throw new Error(`failed ${path}`);
    }
    effect.end("done");
    return `did ${nameOf(node, path)}`;
  };
  const tooLong = node.timeoutMs !== undefined && step.attempt <= node.slow;
  const ms = tooLong ? (node.timeoutMs ?? 0) + 50 : node.ms;
  if (ms === 0) return outcome();
  if (node.deaf) return busy(p, ms, outcome);
  return busy(p, ms, outcome, { signal: step.signal, aborted: () => effect.end("aborted") });
}

interface Listening {
  readonly signal: AbortSignal;
  readonly aborted: () => void;
}

/** Takes time on the worker's own clock, which stops with the worker. */
function busy<T>(p: Playing, ms: number, outcome: () => T, listening?: Listening): Promise<T> | T {
  if (ms === 0) return outcome();
  return new Promise((resolve, reject) => {
    const cancel = p.life.host.after(ms, () => {
      listening?.signal.removeEventListener("abort", abort);
      try {
        resolve(outcome());
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    const abort = (): void => {
      cancel();
      listening?.aborted();
      reject(listening?.signal.reason as Error);
    };
    if (listening?.signal.aborted === true) abort();
    else listening?.signal.addEventListener("abort", abort, { once: true });
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A short form of a result that can be compared. */
export function digest(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (item === undefined ? "undefined" : item)) ?? "undefined";
}
