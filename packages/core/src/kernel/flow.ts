// Flow control as the store sees it: which gates a run passes before it begins, and how gates and rules are named.
import { gateKinds } from "@sluice/protocol";
import type { GateKind, JoinReason, SingletonMode } from "@sluice/protocol";

/** What a workflow's code says about one kind of gate; one gate stands for each value of its key. */
export interface FlowRule {
  /** `ruleId` of it. */
  readonly id: string;
  readonly workflow: string;
  readonly kind: Exclude<GateKind, "queue">;
  /** Path of the key in the input; empty without one. */
  readonly path: string;
  /** Runs at once; for a throttle beginnings in `perMs`. */
  readonly max: number;
  readonly perMs?: number | undefined;
  /** Beginnings of a throttle that may come together. */
  readonly burst?: number | undefined;
  /** A run keeps its place while it waits, from its beginning to its end. */
  readonly countWaiting: boolean;
}

/** What a start meets before its run exists. Times are milliseconds; ids are those of gates. */
export interface Admission {
  readonly rate?: { readonly id: string; readonly count: number; readonly perMs: number } | undefined;
  readonly debounce?:
    | {
        readonly id: string;
        readonly waitMs: number;
        readonly maxWaitMs?: number | undefined;
        readonly leading: boolean;
        readonly trailing: boolean;
      }
    | undefined;
  readonly batch?:
    | { readonly id: string; readonly size: number; readonly waitMs: number; readonly bytesMax: number }
    | undefined;
  readonly singleton?: { readonly id: string; readonly mode: SingletonMode } | undefined;
  /** Runs of the workflow that may be queued. */
  readonly queuedMax: number;
}

/** How a run about to exist takes part in flow control. */
export interface RunFlow {
  /** Gates it passes, by their ids. */
  readonly gates: readonly string[];
  /** Which share of its workflow it belongs to; empty: that of everybody. */
  readonly share: string;
  readonly admission?: Admission | undefined;
}

/** What holds a queued run back: the gate, and the value of its key. */
export interface Hold {
  readonly by: GateKind;
  /** Path of the key in the input. */
  readonly path?: string | undefined;
  readonly key?: string | undefined;
}

/** A queue that workflows name, and how it stands. */
export interface QueueRecord {
  readonly name: string;
  readonly paused: boolean;
  readonly workflows: readonly string[];
  /** Runs held back because it is paused; counted up to a limit. */
  readonly held: number;
}

/** Why a start was turned away. */
export type Refused =
  | { readonly outcome: "rate_limited"; readonly retryAt: number }
  | { readonly outcome: "queue_full"; readonly queued: number };

export type { JoinReason };

/** A run gains one point of priority for each minute that it waits: none waits for ever behind those of a higher one. */
export const priorityPointMs = 60_000;

/** Where a run stands among those that wait; the lowest goes first. */
export function rankOf(run: { readonly createdAt: number; readonly priority: number }): number {
  return run.createdAt - run.priority * priorityPointMs;
}

// Names of workflows, paths and kinds hold no tab.
const separator = "\t";

export function ruleId(workflow: string, kind: GateKind, path = ""): string {
  return [workflow, kind, path].join(separator);
}

export function gateId(rule: string, key = ""): string {
  return rule + separator + key;
}

/** The gate of a queue, which is of no workflow. */
export function queueGate(name: string): string {
  return gateId(ruleId("", "queue", name));
}

export function partsOf(gate: string): {
  readonly rule: string;
  readonly workflow: string;
  readonly kind: GateKind;
  readonly path: string;
  readonly key: string;
} {
  const [workflow = "", kind = "concurrency", path = "", ...key] = gate.split(separator);
  return {
    rule: [workflow, kind, path].join(separator),
    workflow,
    kind: kind as GateKind,
    path,
    key: key.join(separator),
  };
}

/** From where to before where the gates of a rule sort. */
export function gatesOfRule(rule: string): { readonly from: string; readonly to: string } {
  return { from: rule + separator, to: rule + String.fromCharCode(separator.charCodeAt(0) + 1) };
}

export const holdReasons = {
  queue: "queue_paused",
  throttle: "throttled",
  concurrency: "concurrency_limit",
  singleton: "singleton",
  fairness: "fair_share",
} as const satisfies Record<GateKind, string>;

/** The kinds of gates among reasons. */
export function gateKindsOf(reasons: readonly string[]): readonly GateKind[] {
  return gateKinds.filter((kind) => reasons.includes(holdReasons[kind]));
}

/** What a gate of this kind has in its id after the name of its workflow. */
export function kindInGate(kind: GateKind): string {
  return separator + kind + separator;
}

/** What a gate says of itself to people. */
export function holdOf(gate: string): Hold {
  const { kind, path, key } = partsOf(gate);
  if (kind === "queue") return { by: kind, key: path };
  return path === "" ? { by: kind } : { by: kind, path, key };
}
