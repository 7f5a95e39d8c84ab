// What a deployment must not hold, looked at before anything changes: two things under one name or at one address, of which
// only one could ever be reached, and schemas that are too large to judge inputs by.
import { encodeValue } from "@sluice/protocol";
import type { TriggerManifest, WorkflowManifest } from "@sluice/protocol";
import { fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { EngineLimits } from "./limits.ts";
import { isKept, triggerName } from "./triggers/trigger-names.ts";

type Refusal = Extract<Result<null>, { readonly ok: false }>;
type WebhookManifest = Extract<TriggerManifest, { readonly type: "webhook" }>;

/** Whether these workflows can be deployed together. Throws `value_not_serializable` for a schema that is no value. */
export function checkDeployment(
  workflows: readonly WorkflowManifest[],
  limits: Pick<EngineLimits, "schemaBytesMax">,
): Result<null> {
  const names = new Set<string>();
  const hooks = new Map<string, string>();
  const types = new Map<string, Typed>();
  for (const workflow of workflows) {
    if (names.has(workflow.name)) return twiceNamed(workflow.name);
    names.add(workflow.name);
    const refused =
      sharedHook(workflow, hooks) ??
      sharedSchedule(workflow) ??
      otherType(workflow, types) ??
      sharedTrigger(workflow) ??
      largeSchema(workflow, limits.schemaBytesMax);
    if (refused !== undefined) return refused;
  }
  return ok(null);
}

interface Typed {
  readonly type: string;
  readonly workflow: string;
}

/** A filter over runs of several workflows has one meaning: `declared` has the type of each attribute so far. */
function otherType({ name, attributes }: WorkflowManifest, declared: Map<string, Typed>): Refusal | undefined {
  for (const [attribute, type] of Object.entries(attributes ?? {})) {
    const other = declared.get(attribute);
    if (other !== undefined && other.type !== type) {
      return fail({
        code: "invalid_workflow",
        message: `The attribute ${attribute} is a ${other.type} in workflow ${other.workflow} and a ${type} in ${name}.`,
        hint: "Give it one type, or two names.",
        details: { workflows: [other.workflow, name], attribute },
      });
    }
    declared.set(attribute, { type, workflow: name });
  }
  return undefined;
}

function twiceNamed(name: string): Refusal {
  return fail({
    code: "duplicate_workflow",
    message: `Two workflows are named ${name}.`,
    hint: "Rename one of them: a run is started by the name.",
    details: { workflow: name },
  });
}

/** `taken` has the workflow of each method and path so far. */
function sharedHook({ name, triggers }: WorkflowManifest, taken: Map<string, string>): Refusal | undefined {
  for (const { method, path } of triggers.filter((each): each is WebhookManifest => each.type === "webhook")) {
    const address = `${method} ${path}`;
    const other = taken.get(address);
    if (other !== undefined) {
      const who = other === name ? `Workflow ${name} has` : `The workflows ${other} and ${name} have`;
      return fail({
        code: "duplicate_webhook",
        message: `${who} the same webhook: ${method} /hooks${path}.`,
        hint: "Give one of them another path or method: a request starts one run.",
        details: { workflows: [other, name], method, path },
      });
    }
    taken.set(address, name);
  }
  return undefined;
}

function sharedSchedule({ name, triggers }: WorkflowManifest): Refusal | undefined {
  const ids = new Set<string>();
  for (const [index, schedule] of triggers.filter((each) => each.type === "schedule").entries()) {
    const id = scheduleName(schedule, index);
    if (ids.has(id)) {
      return fail({
        code: "invalid_name",
        message: `Two schedules of workflow ${name} are named ${JSON.stringify(id)}.`,
        hint: "Give each a name of its own; one without a name is named by its place, from 0.",
        details: { workflow: name, schedule: id },
      });
    }
    ids.add(id);
  }
  return undefined;
}

/** Names keep what a trigger has seen: of two with one name each would lose what the other has. */
function sharedTrigger({ name, triggers }: WorkflowManifest): Refusal | undefined {
  const names = new Set<string>();
  for (const trigger of triggers.filter(isKept)) {
    const own = triggerName(trigger);
    if (names.has(own)) {
      return fail({
        code: "invalid_name",
        message: `Two triggers of workflow ${name} are named ${JSON.stringify(own)}.`,
        hint: "Give one of them another name: { name: … }.",
        details: { workflow: name, trigger: own },
      });
    }
    names.add(own);
  }
  return undefined;
}

/** What a schedule is kept under within its workflow: its name, or its place among the workflow's schedules. */
export function scheduleName(schedule: { readonly name?: string | undefined }, index: number): string {
  return schedule.name ?? String(index);
}

function largeSchema({ name, schema }: WorkflowManifest, bytesMax: number): Refusal | undefined {
  if (schema === undefined) return undefined;
  const bytes = encodeValue(schema).length;
  if (bytes <= bytesMax) return undefined;
  return fail({
    code: "schema_too_large",
    message: `The JSON Schema of workflow ${name} has ${bytes} bytes; at most ${bytesMax} are taken (schemaBytesMax).`,
    hint: "Describe the input in less detail, or raise the setting limits.schemaBytesMax.",
    details: { workflow: name, bytes, schemaBytesMax: bytesMax },
  });
}
