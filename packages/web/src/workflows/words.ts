// The closed sets of words in the URLs of workflows, and what workflows and their figures are to the rest of this folder.
import type { Answer } from "../api.ts";
import { isObject } from "./json-value.ts";
import type { Schema } from "./schema-form.ts";

export type Workflow = Answer<"getWorkflow">["workflow"];
export type ListedWorkflow = Answer<"listWorkflows">["workflows"][number];
export type Trigger = ListedWorkflow["triggers"][number];
/** A trigger with how far it has got. */
export type TriggerState = Answer<"listTriggers">["triggers"][number];
export type Stats = Answer<"listWorkflowStats">["workflows"][number];
export type Graph = Answer<"getWorkflowGraph">;
export type GraphNode = Graph["nodes"][number];
export type Health = Stats["health"];

export const workflowTabs = ["overview", "graph", "triggers", "versions", "results", "input"] as const;
export type WorkflowTab = (typeof workflowTabs)[number];

export const healths = ["good", "failing", "idle"] as const;
export const triggerKinds = ["webhook", "schedule", "poll", "event", "file", "manual", "none"] as const;
export type TriggerKind = (typeof triggerKinds)[number];

/** What lists of workflows are ordered by; `name` without. */
export const workflowOrders = ["name", "last-run", "runs", "failures", "unfinished", "p95"] as const;
export type WorkflowOrder = (typeof workflowOrders)[number];

/** The schema of the input; undefined where the workflow has none. */
export function schemaOf(workflow: Workflow): Schema | undefined {
  return isObject(workflow.inputSchema) ? workflow.inputSchema : undefined;
}
