// What a server says when it is ready: where it is and what to try next, with commands that can be pasted as they are.
import { relative } from "node:path";
import type { WorkflowManifest } from "@sluice/protocol";

export interface WelcomeFacts {
  readonly url: string;
  /** Where the first user is made; undefined once there is one. */
  readonly setUpUrl: string | undefined;
  /** Relative to the working folder; empty for the folder itself. */
  readonly project: string;
  readonly elapsedMs: number;
  readonly workflows: readonly WorkflowManifest[];
  readonly version: string;
  readonly argv: readonly string[];
}

const examplesMax = 2;

/** The lines. */
export function welcome(facts: WelcomeFacts): readonly string[] {
  const { url, project, elapsedMs, workflows, version } = facts;
  const names = workflows.map((workflow) => workflow.name);
  const listed = names.length === 0 ? "none yet: add a file to workflows/" : names.join(", ");
  const sluice = commandOf(facts);
  const at = project === "" ? "" : ` --project ${quoted(project)}`;
  const startable = workflows.filter((workflow) => workflow.triggers.every((trigger) => trigger.type !== "schedule"));
  return [
    `Sluice ${version} is ready at ${url} (${elapsedMs} ms)`,
    `Workflows: ${listed}`,
    ...(facts.setUpUrl === undefined ? [] : ["", "Make the first user of the console, once:", `  ${facts.setUpUrl}`]),
    "",
    "Try, in another terminal:",
    ...startable.slice(0, examplesMax).map((workflow) => {
      const input =
        workflow.schema === undefined ? "" : ` --input ${quoted(JSON.stringify(sampleOf(workflow.schema)))}`;
      return `  ${sluice} run ${workflow.name}${input} --watch${at}`;
    }),
    ...workflows.flatMap((workflow) => webhookExample(url, workflow)).slice(0, 1),
    `  ${sluice} runs list${at}`,
    `  ${sluice} approve list${at}`,
    `Console: ${url}`,
    `API: ${url}/api/docs`,
    "Ctrl-C drains and stops; nothing is lost either way.",
  ];
}

function webhookExample(url: string, workflow: WorkflowManifest): string[] {
  return workflow.triggers.flatMap((trigger) => {
    if (trigger.type !== "webhook" || trigger.secret !== undefined || trigger.secretRef !== undefined) return [];
    // What its functions, headers or parameters want is not known: pasted as it is, the command would be refused.
    const asks = trigger.calls === true || trigger.headers !== undefined || /\/:|\*$/.test(trigger.path);
    if (asks || (trigger.input !== undefined && trigger.input !== "body")) return [];
    const body = quoted(JSON.stringify(sampleOf(workflow.schema)));
    return [`  curl -X ${trigger.method} ${url}/hooks${trigger.path} -H 'content-type: application/json' -d ${body}`];
  });
}

/** How this program was started, as something to type. */
function commandOf({ argv }: WelcomeFacts): string {
  const program = argv[1] ?? "";
  if (!program.endsWith(".ts")) return "npx sluice";
  const launcher = program.replace(/src\/main\.ts$/, "bin/sluice.mjs");
  return `node ${quoted(relative(process.cwd(), launcher))}`;
}

function quoted(text: string): string {
  return /^[\w./:=@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

const depthMax = 8;

/** Something that a JSON Schema accepts, as far as that is easily told: its examples and defaults first. */
export function sampleOf(schema: unknown, depth = 0): unknown {
  if (typeof schema !== "object" || schema === null || depth > depthMax) return {};
  const map = schema as Readonly<Record<string, unknown>>;
  const { examples, default: fallback, const: only, enum: words, anyOf } = map;
  if (Array.isArray(examples) && examples.length > 0) return examples[0] as unknown;
  if (fallback !== undefined) return fallback;
  if (only !== undefined) return only;
  if (Array.isArray(words)) return words[0] as unknown;
  if (Array.isArray(anyOf)) return sampleOf(anyOf[0], depth + 1);
  switch (map["type"]) {
    case "string":
      return map["format"] === "email" ? "ada@example.com" : "text";
    case "integer":
    case "number":
      return Math.max(1, Number(map["minimum"] ?? 1));
    case "boolean":
      return true;
    case "array":
      return [sampleOf(map["items"], depth + 1)];
    case "null":
      return null;
    default:
      return sampleObject(map, depth);
  }
}

function sampleObject(map: Readonly<Record<string, unknown>>, depth: number): Record<string, unknown> {
  const properties = typeof map["properties"] === "object" && map["properties"] !== null ? map["properties"] : {};
  const required = Array.isArray(map["required"]) ? (map["required"] as unknown[]) : Object.keys(properties);
  const wanted = Object.entries(properties).filter(([name]) => required.includes(name));
  return Object.fromEntries(wanted.map(([name, property]) => [name, sampleOf(property, depth + 1)]));
}
