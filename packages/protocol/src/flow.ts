// What a workflow says about when its runs may begin, as the engine is told it. Times are milliseconds. A `key` is a path into
// the input such as `input.tenant`: data, since the engine never executes user code.

export const singletonModes = ["skip", "replace"] as const;
export type SingletonMode = (typeof singletonModes)[number];

/** Why a start made no run of its own. */
export const joinReasons = ["debounced", "batched", "skipped"] as const;
export type JoinReason = (typeof joinReasons)[number];

/** What holds a run back until it may begin, or go on. */
export const gateKinds = ["queue", "throttle", "concurrency", "singleton", "fairness"] as const;
export type GateKind = (typeof gateKinds)[number];

interface Keyed {
  readonly key?: string | undefined;
}

export interface FlowManifest {
  readonly concurrency?: readonly (Keyed & { readonly limit: number; readonly countWaiting: boolean })[] | undefined;
  readonly rateLimit?: (Keyed & { readonly count: number; readonly per: number }) | undefined;
  readonly throttle?: (Keyed & { readonly count: number; readonly per: number; readonly burst: number }) | undefined;
  readonly debounce?:
    | (Keyed & {
        readonly wait: number;
        readonly maxWait?: number | undefined;
        readonly leading: boolean;
        readonly trailing: boolean;
      })
    | undefined;
  readonly batch?: (Keyed & { readonly size: number; readonly wait: number }) | undefined;
  readonly singleton?: (Keyed & { readonly mode: SingletonMode }) | undefined;
  readonly fairness?: { readonly key: string; readonly limit: number } | undefined;
  readonly startWithin?: number | undefined;
  readonly queue?: string | undefined;
  readonly priority?: number | undefined;
}

/** `input`, or a path below it: names and numbers of places, parted by dots. */
export const flowKeyPattern = /^input(\.[^.\s]{1,128}){0,16}$/;
export const queueNamePattern = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/;
