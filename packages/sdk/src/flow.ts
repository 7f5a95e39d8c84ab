// When the runs of a workflow may begin: options of `workflow()`. They are data, which the engine keeps to without ever calling
// the workflow's code; so a key is a path into the input, such as `input.tenant`.
import { flowKeyPattern, parseDuration, queueNamePattern, singletonModes } from "@sluice/protocol";
import { refuse } from "./refusal.ts";
import type { Duration, SingletonMode } from "@sluice/protocol";

export interface Concurrency {
  /** Runs that go on at once, all together or of each key. */
  readonly limit: number;
  readonly key?: string;
  /** A run that waits keeps its place. Default false. */
  readonly countWaiting?: boolean;
}

export interface FlowOptions {
  /** How many runs go on at once; several limits hold together. */
  readonly concurrency?: number | Concurrency | readonly Concurrency[];
  /** Starts past it are refused (`rate_limited`). */
  readonly rateLimit?: { readonly count: number; readonly per: Duration; readonly key?: string };
  /** Runs begin evenly spread; those past it wait. `burst` may begin together (default 1). */
  readonly throttle?: {
    readonly count: number;
    readonly per: Duration;
    readonly burst?: number;
    readonly key?: string;
  };
  /** One run for starts that follow each other closely, with the last input. */
  readonly debounce?: {
    readonly wait: Duration;
    /** Longest time that it is put off. */
    readonly maxWait?: Duration;
    /** The first start makes a run at once. Default false. */
    readonly leading?: boolean;
    /** What follows makes a run when it is quiet. Default true. */
    readonly trailing?: boolean;
    readonly key?: string;
  };
  /** One run for up to `size` starts, or those that come within `wait`; it gets a list of their inputs. */
  readonly batch?: { readonly size: number; readonly wait: Duration; readonly key?: string };
  /** One run at a time: a start while there is one is part of it (`skip`), or ends it (`replace`). */
  readonly singleton?: SingletonMode | { readonly mode: SingletonMode; readonly key?: string };
  /** Keys take turns, and each has at most `limit` runs going on at once (default 100). */
  readonly fairness?: { readonly key: string; readonly limit?: number };
  /** A run that has not begun this long after it was due ends `timedout` with reason `start_deadline`. */
  readonly startWithin?: Duration;
  /** Name of a queue that an operator can pause; any number of workflows may share one. */
  readonly queue?: string;
  /** Of its runs, where a start does not say otherwise. Higher goes first; default 0. */
  readonly priority?: number;
}

const countMax = 1_000_000;
const priorityMax = 1_000_000;

/** Throws `invalid_workflow` or `invalid_duration` for options that make no sense. */
export function checkFlow(of: string, options: FlowOptions): void {
  const { concurrency, rateLimit, throttle, debounce, batch, singleton, fairness } = options;
  for (const each of limitsOf(concurrency)) {
    checkRecord(of, "concurrency", each);
    checkCount(of, "concurrency.limit", each.limit);
    checkKey(of, "concurrency.key", each.key);
    checkFlag(of, "concurrency.countWaiting", each.countWaiting);
  }
  const keys = limitsOf(concurrency).map(({ key }) => key);
  if (new Set(keys).size < keys.length) refuse(of, "concurrency", "one limit for each key");
  for (const [field, rate] of [["rateLimit", rateLimit] as const, ["throttle", throttle] as const]) {
    if (rate === undefined) continue;
    checkRecord(of, field, rate);
    checkCount(of, `${field}.count`, rate.count);
    checkTime(of, `${field}.per`, rate.per);
    checkKey(of, `${field}.key`, rate.key);
  }
  if (throttle?.burst !== undefined) checkCount(of, "throttle.burst", throttle.burst);
  if (debounce !== undefined) checkDebounce(of, debounce);
  if (batch !== undefined) {
    checkRecord(of, "batch", batch);
    checkCount(of, "batch.size", batch.size);
    checkTime(of, "batch.wait", batch.wait);
    checkKey(of, "batch.key", batch.key);
    if (debounce !== undefined) refuse(of, "batch", "not together with debounce");
  }
  if (singleton !== undefined) {
    const { mode, key } = singletonOf(singleton);
    if (!singletonModes.includes(mode)) refuse(of, "singleton", `one of ${singletonModes.join(", ")}`);
    checkKey(of, "singleton.key", key);
  }
  if (fairness !== undefined) {
    checkRecord(of, "fairness", fairness);
    if (fairness.key === undefined) refuse(of, "fairness.key", 'a path such as "input.tenant"');
    checkKey(of, "fairness.key", fairness.key);
    if (fairness.limit !== undefined) checkCount(of, "fairness.limit", fairness.limit);
  }
  checkRest(of, options);
}

function checkDebounce(of: string, debounce: NonNullable<FlowOptions["debounce"]>): void {
  checkRecord(of, "debounce", debounce);
  const { wait, maxWait, leading, trailing, key } = debounce;
  checkTime(of, "debounce.wait", wait);
  if (maxWait !== undefined && checkTime(of, "debounce.maxWait", maxWait) < parseDuration(wait))
    refuse(of, "debounce.maxWait", "no shorter than debounce.wait");
  checkFlag(of, "debounce.leading", leading);
  checkFlag(of, "debounce.trailing", trailing);
  if (trailing === false && leading !== true) refuse(of, "debounce.trailing", "true, unless leading is");
  checkKey(of, "debounce.key", key);
}

function checkRest(of: string, { startWithin, queue, priority }: FlowOptions): void {
  if (startWithin !== undefined) checkTime(of, "startWithin", startWithin);
  if (queue !== undefined && (typeof queue !== "string" || !queueNamePattern.test(queue)))
    refuse(of, "queue", "a name of letters, digits, '-', '_', '.' and '/', at most 128 characters");
  if (priority !== undefined && (!Number.isInteger(priority) || Math.abs(priority) > priorityMax))
    refuse(of, "priority", `a whole number from -${priorityMax} to ${priorityMax}`);
}

/** The limits that were given in any of their forms. */
export function limitsOf(concurrency: FlowOptions["concurrency"]): readonly Concurrency[] {
  if (concurrency === undefined) return [];
  if (typeof concurrency === "number") return [{ limit: concurrency }];
  return Array.isArray(concurrency) ? (concurrency as readonly Concurrency[]) : [concurrency as Concurrency];
}

/** The mode and key, in whichever form they were given. */
export function singletonOf(singleton: NonNullable<FlowOptions["singleton"]>): {
  readonly mode: SingletonMode;
  readonly key?: string;
} {
  return typeof singleton === "string" ? { mode: singleton } : singleton;
}

function checkRecord(of: string, field: string, value: unknown): void {
  if (typeof value !== "object" || value === null) refuse(of, field, "an object with its options");
}

function checkCount(of: string, field: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1 || value > countMax)
    refuse(of, field, `a whole number from 1 to ${countMax}`);
}

function checkTime(of: string, field: string, value: Duration): number {
  const ms = parseDuration(value);
  if (ms < 1) refuse(of, field, "a time such as 10s");
  return ms;
}

function checkFlag(of: string, field: string, value: boolean | undefined): void {
  if (value !== undefined && typeof value !== "boolean") refuse(of, field, "true or false");
}

function checkKey(of: string, field: string, key: string | undefined): void {
  if (key !== undefined && (typeof key !== "string" || !flowKeyPattern.test(key)))
    refuse(of, field, 'a path into the input such as "input.tenant": data, not a function');
}
