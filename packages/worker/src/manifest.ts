// What a worker tells the engine about its workflows: everything that can be known without running them.
import { parseDuration, SluiceError } from "@sluice/protocol";
import type { WorkflowManifest } from "@sluice/protocol";
import { toJsonSchema } from "@sluice/sdk";
import { flowManifest } from "./flow-manifest.ts";
import type { Trigger, Workflow } from "@sluice/sdk";
import { describeTrigger } from "./trigger-manifests.ts";

/** Describes workflows; two of one name are refused. Throws what is wrong with their options. */
export function manifestOf(workflows: readonly Workflow[]): WorkflowManifest[] {
  const names = new Set<string>();
  return workflows.map((workflow) => {
    if (names.has(workflow.name)) {
      throw new SluiceError({
        code: "duplicate_workflow",
        message: `Two workflows are named ${workflow.name}.`,
        hint: "Rename one of them: a run is started by the name.",
      });
    }
    names.add(workflow.name);
    return describe(workflow);
  });
}

function describe({ name, options }: Workflow): WorkflowManifest {
  const schema = options.input === undefined ? undefined : toJsonSchema(options.input);
  const { retention } = options;
  const flow = flowManifest(options);
  checkScheduleNames(name, options.triggers ?? []);
  return {
    name,
    triggers: (options.triggers ?? []).map(describeTrigger),
    validates: options.input !== undefined,
    ...(schema === undefined ? {} : { schema }),
    ...(options.attributes === undefined ? {} : { attributes: options.attributes }),
    ...(options.description === undefined ? {} : { description: options.description }),
    ...(options.encrypt === undefined ? {} : { encrypt: options.encrypt }),
    ...(options.graph === undefined ? {} : { graph: options.graph }),
    ...(options.timeout === undefined ? {} : { timeout: parseDuration(options.timeout) }),
    ...(flow === undefined ? {} : { flow }),
    ...(retention === undefined
      ? {}
      : {
          retention: {
            ...(retention.age === undefined ? {} : { age: parseDuration(retention.age) }),
            ...(retention.count === undefined ? {} : { count: retention.count }),
          },
        }),
  };
}

/** A schedule is kept under its name, or its place where it has none: of two with one name the second would replace the first. */
function checkScheduleNames(workflow: string, triggers: readonly Trigger[]): void {
  const names = new Set<string>();
  for (const [index, trigger] of triggers.filter((each) => each.type === "schedule").entries()) {
    const name = trigger.name ?? String(index);
    if (names.has(name)) {
      throw new SluiceError({
        code: "invalid_name",
        message: `Two schedules of workflow ${workflow} are named ${JSON.stringify(name)}.`,
        hint: "Give each a name of its own; one without a name is named by its place, from 0.",
      });
    }
    names.add(name);
  }
}
