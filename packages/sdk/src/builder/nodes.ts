// What a chain of builder calls leaves behind: a tree of nodes. It is data; `run-flow.ts` gives it its meaning.
import type { Duration } from "@sluice/protocol";
import type { Flow } from "./flow.ts";
import type { CronflowContext, FlowHandler, FlowStepOptions, HumanOptions, Loose } from "./types.ts";

/** What makes the flow of one item or batch. */
export type FlowMaker = (item: Loose, flow: Flow) => unknown;
export type ItemSource = ((ctx: CronflowContext) => unknown) | readonly unknown[];
export type LogLevel = "debug" | "info" | "warn" | "error";

interface Named {
  /** Unique among the blocks of its flow; steps may repeat theirs. */
  readonly name: string;
  /** Options of the node and of the modifiers behind it. */
  options: FlowStepOptions;
}

export interface StepNode extends Named {
  readonly kind: "step" | "action";
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly handler: FlowHandler;
}
export interface LogNode extends Named {
  readonly kind: "log";
  readonly message: string | ((ctx: CronflowContext) => unknown);
  readonly level: LogLevel;
}
/** One way of an `if`; the `else` has no condition. */
interface IfBranch {
  readonly name: string;
  readonly condition: FlowHandler | undefined;
  readonly nodes: FlowNode[];
}
export interface IfNode extends Named {
  readonly kind: "if";
  readonly branches: IfBranch[];
}
export interface TogetherNode extends Named {
  readonly kind: "parallel" | "race";
  readonly handlers: readonly FlowHandler[];
}
export interface WhileNode extends Named {
  readonly kind: "while";
  readonly condition: FlowHandler;
  readonly body: FlowHandler;
}
export interface CancelNode extends Named {
  readonly kind: "cancel";
  readonly reason: string | undefined;
}
interface SleepNode extends Named {
  readonly kind: "sleep";
  readonly duration: Duration;
}
export interface SubflowNode extends Named {
  readonly kind: "subflow";
  readonly workflow: string;
  /** Data, or what makes it; the output of the step before without. */
  readonly input: unknown;
}
export interface ForEachNode extends Named {
  readonly kind: "forEach";
  readonly items: ItemSource;
  readonly body: FlowMaker;
  /** Items at a time; all without. */
  readonly concurrency: number | undefined;
}
export interface BatchNode extends Named {
  readonly kind: "batch";
  readonly items: ItemSource;
  readonly size: number;
  readonly body: FlowMaker;
}
export interface HumanNode extends Named {
  readonly kind: "human";
  readonly human: HumanOptions;
}
export interface EventNode extends Named {
  readonly kind: "event";
  readonly event: string;
  readonly timeout: Duration | undefined;
}
export interface PauseNode extends Named {
  readonly kind: "pause";
  readonly callback: ((ctx: CronflowContext, token: string) => unknown) | undefined;
}

export type FlowNode =
  | StepNode
  | LogNode
  | IfNode
  | TogetherNode
  | WhileNode
  | CancelNode
  | SleepNode
  | SubflowNode
  | ForEachNode
  | BatchNode
  | HumanNode
  | EventNode
  | PauseNode;

/** Every node of a tree, branches included, in order. */
export function* everyNode(nodes: readonly FlowNode[]): Generator<FlowNode> {
  for (const node of nodes) {
    yield node;
    if (node.kind === "if") for (const branch of node.branches) yield* everyNode(branch.nodes);
  }
}
