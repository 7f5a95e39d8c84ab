// A program to fill in: the definitions of a cronflow database as calls of the builder, each function a place for the one that
// the database cannot hold.
import type { OldStep, OldTrigger, OldWorkflow } from "./read-database.ts";

const header = `// Made from a cronflow database. Functions are not in it: fill in those that throw.
import { cronflow } from "sluice/cronflow";
`;

/** The text of a module that defines these workflows. */
export function skeletonOf(workflows: readonly OldWorkflow[]): string {
  const names = new Set<string>();
  return [header, ...workflows.map((workflow) => definitionOf(workflow, identifierOf(workflow.id, names)))].join("\n");
}

/** A name for a variable that no other definition has. */
function identifierOf(id: string, taken: Set<string>): string {
  const words = id.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const [first = "workflow", ...rest] = words;
  const camel =
    first.charAt(0).toLowerCase() +
    first.slice(1) +
    rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
  const safe = /^[A-Za-z]/.test(camel) ? camel : `workflow${camel}`;
  let name = `${safe}Workflow`;
  for (let n = 2; taken.has(name); n++) name = `${safe}Workflow${n}`;
  taken.add(name);
  return name;
}

function definitionOf({ id, name, description, steps, triggers }: OldWorkflow, variable: string): string {
  const options = { id, ...(name === id ? {} : { name }), ...(description === undefined ? {} : { description }) };
  const calls = [...triggers.map(triggerCall), ...blocksOf(steps, id)];
  return `export const ${variable} = cronflow.define(${JSON.stringify(options)});\n${variable}\n${calls.map((call) => `  ${call}\n`).join("")}  .validate();\n`;
}

function triggerCall({ type, config }: OldTrigger): string {
  const text = (value: unknown): string => JSON.stringify(value ?? "");
  if (type === "webhook") {
    const method = config["method"] === undefined ? "" : `, { method: ${text(config["method"])} }`;
    return `.onWebhook(${text(config["path"])}${method})`;
  }
  if (type === "schedule") return `.onSchedule(${text(config["cron_expression"] ?? config["cron"])})`;
  if (type === "interval") return `.onInterval(${text(config["interval"])})`;
  if (type === "event") return `.onEvent(${text(config["event_name"] ?? config["event"])})`;
  return ".manual()";
}

/** An option under either of its spellings. */
function option({ options }: OldStep, camel: string): unknown {
  const snake = camel.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return options[camel] ?? options[snake];
}

function blocksOf(steps: readonly OldStep[], workflow: string): string[] {
  let open = 0;
  const calls = steps.flatMap((step) => {
    const { call, opens } = blockOf(step, workflow);
    open += opens;
    return open < 0 ? ((open = 0), []) : [call];
  });
  // A definition that was cut off leaves its branches open.
  return [...calls, ...Array.from({ length: open }, () => ".endIf()")];
}

function blockOf(step: OldStep, workflow: string): { readonly call: string; readonly opens: number } {
  const quoted = JSON.stringify(step.name);
  const fill = `fill in ${step.name} of ${workflow}`;
  const body = `async (ctx) => { throw new Error(${JSON.stringify(fill)} + (ctx.step_name ?? "")); }`;
  const has = (name: string): boolean => option(step, name) === true;
  const plain = (call: string): { readonly call: string; readonly opens: number } => ({ call, opens: 0 });
  const condition = option(step, "conditionType");
  if (has("endIf")) return { call: ".endIf()", opens: -1 };
  if (condition === "else") return plain(".else()");
  if (condition === "elseIf") return plain(`.elseIf(${quoted}, ${body})`);
  if (condition === "if" || has("conditional")) return { call: `.if(${quoted}, ${body})`, opens: 1 };
  if (has("parallel")) return plain(`.parallel([${functions(step, body)}])`);
  if (has("race")) return plain(`.race([${functions(step, body)}])`);
  if (has("loop")) return plain(`.while(${quoted}, ${body}, ${body})`);
  if (has("cancel")) return plain(`.cancel(${JSON.stringify(option(step, "reason") ?? "")})`);
  if (has("sleep")) return plain(`.sleep(${JSON.stringify(option(step, "delay") ?? "1s")})`);
  if (has("subflow")) return plain(`.subflow(${quoted}, ${JSON.stringify(option(step, "workflowId") ?? "")})`);
  if (has("forEach")) return plain(`.forEach(${quoted}, ${body}, (item, flow) => flow.step("each", ${body}))`);
  if (has("batch"))
    return plain(
      `.batch(${quoted}, { items: ${body}, size: ${Number(option(step, "batchSize") ?? 10)} }, (batch, flow) => flow.step("each", ${body}))`,
    );
  if (has("humanInTheLoop")) return plain(`.humanInTheLoop(${JSON.stringify(humanOf(step))})`);
  if (has("waitForEvent")) return plain(`.waitForEvent(${JSON.stringify(option(step, "eventName") ?? "event")})`);
  if (has("pause")) return plain(".pause()");
  const options = optionsOf(step);
  const more = Object.keys(options).length === 0 ? "" : `, ${JSON.stringify(options)}`;
  return plain(`.${step.type}(${nameOf(step)}, ${body}${more})`);
}

function functions(step: OldStep, body: string): string {
  const count = Math.max(1, Number(option(step, "stepCount") ?? 1));
  return Array.from({ length: count }, () => body).join(", ");
}

function nameOf({ name, title, description }: OldStep): string {
  if (title === undefined && description === undefined) return JSON.stringify(name);
  return JSON.stringify({
    id: name,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
  });
}

function humanOf(step: OldStep): object {
  const given = { timeout: option(step, "timeout"), description: option(step, "description") ?? step.description };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== null));
}

/** What can be said again of retries, time limits and delays. */
function optionsOf(step: OldStep): Readonly<Record<string, unknown>> {
  const { timeout, delay } = step.options;
  const retry = step.options["retry"] as
    | {
        readonly max_attempts?: number;
        readonly backoff_ms?: number;
        readonly attempts?: number;
        readonly backoff?: object;
      }
    | null
    | undefined;
  const attempts = retry?.attempts ?? retry?.max_attempts;
  const backoff = retry?.backoff ?? (retry?.backoff_ms === undefined ? undefined : { delay: retry.backoff_ms });
  return {
    ...(isDuration(timeout) ? { timeout } : {}),
    ...(isDuration(delay) ? { delay } : {}),
    ...(attempts === undefined ? {} : { retry: { attempts, ...(backoff === undefined ? {} : { backoff }) } }),
  };
}

function isDuration(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number";
}
