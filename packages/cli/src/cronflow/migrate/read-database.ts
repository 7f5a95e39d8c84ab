// Reads the database of a cronflow installation: definitions, triggers, and runs with their steps. It is opened for reading only.
import { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { SluiceError } from "@sluice/protocol";

export interface OldStep {
  readonly id: string;
  readonly name: string;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly type: "step" | "action";
  /** What the definition says of it, as it is there. */
  readonly options: Readonly<Record<string, unknown>>;
}

export interface OldTrigger {
  readonly type: string;
  readonly config: Readonly<Record<string, unknown>>;
}

export interface OldWorkflow {
  readonly id: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly steps: readonly OldStep[];
  readonly triggers: readonly OldTrigger[];
}

export interface OldStepResult {
  readonly stepId: string;
  readonly status: string;
  readonly output: unknown;
  readonly error: string | undefined;
  /** Milliseconds since 1970. */
  readonly startedAt: number | undefined;
  readonly completedAt: number | undefined;
}

export interface OldRun {
  readonly id: string;
  readonly workflowId: string;
  readonly status: string;
  readonly payload: unknown;
  readonly error: string | undefined;
  readonly startedAt: number | undefined;
  readonly completedAt: number | undefined;
  readonly steps: readonly OldStepResult[];
}

export interface OldDatabase {
  readonly workflows: readonly OldWorkflow[];
  /** One after the other: there may be many. */
  runs(): Iterable<OldRun>;
  close(): void;
}

type Row = Readonly<Record<string, unknown>>;

/** Opens a database. Throws `not_found` where there is no file, `bad_request` for one that is none of cronflow's. */
export function readDatabase(file: string): OldDatabase {
  if (!existsSync(file)) {
    throw new SluiceError({
      code: "not_found",
      message: `There is no file ${file}.`,
      hint: "Name cronflow's database; it is .cronflow/data.db unless CRONFLOW_DB_PATH says otherwise.",
    });
  }
  try {
    const database = new Database(file, { readonly: true });
    const workflows = workflowsOf(database);
    return { workflows, runs: () => runsOf(database), close: () => database.close() };
  } catch (error) {
    throw new SluiceError({
      code: "bad_request",
      message: `${file} is no database of cronflow: ${error instanceof Error ? error.message : String(error)}`,
      hint: "It has the tables workflows, workflow_runs, step_results and triggers.",
    });
  }
}

function workflowsOf(database: Database): OldWorkflow[] {
  const triggers = new Map<string, OldTrigger[]>();
  for (const row of rowsOf(database, "SELECT workflow_id, trigger_type, config FROM triggers ORDER BY rowid")) {
    const id = textOf(row["workflow_id"]);
    const trigger = { type: textOf(row["trigger_type"]).toLowerCase(), config: objectOf(jsonOf(row["config"])) };
    triggers.set(id, [...(triggers.get(id) ?? []), trigger]);
  }
  return rowsOf(database, "SELECT id, name, description, definition FROM workflows ORDER BY rowid").map((row) => {
    const id = textOf(row["id"]);
    const definition = objectOf(jsonOf(row["definition"]));
    const defined = listOf(definition["triggers"]).map(triggerOf);
    return {
      id,
      name: textOf(row["name"] ?? definition["name"] ?? id),
      description: optional(row["description"] ?? definition["description"]),
      steps: listOf(definition["steps"]).map(stepOf),
      triggers: merged(defined, triggers.get(id) ?? []),
    };
  });
}

/** Those of the definition and of the table, each once. */
function merged(defined: readonly OldTrigger[], stored: readonly OldTrigger[]): OldTrigger[] {
  const known = new Map<string, OldTrigger>();
  for (const trigger of [...defined, ...stored]) {
    const { path, cron_expression: cron, event } = trigger.config;
    const key = `${trigger.type} ${textOf(path ?? cron ?? event)}`;
    known.set(key, known.get(key) ?? trigger);
  }
  return [...known.values()];
}

/** `"Manual"`, `{Webhook: {path, method}}` or `{type: "webhook", path, …}`. */
function triggerOf(value: unknown): OldTrigger {
  if (typeof value === "string") return { type: value.toLowerCase(), config: {} };
  const fields = objectOf(value);
  if (typeof fields["type"] === "string") return { type: fields["type"].toLowerCase(), config: fields };
  const [entry] = Object.entries(fields);
  return entry === undefined
    ? { type: "manual", config: {} }
    : { type: entry[0].toLowerCase(), config: objectOf(entry[1]) };
}

function stepOf(value: unknown): OldStep {
  const { id, name, title, description, type, options, ...rest } = objectOf(value);
  const known = textOf(id ?? name ?? "step");
  return {
    id: known,
    name: textOf(name ?? known),
    title: optional(title),
    description: optional(description),
    type: type === "action" ? "action" : "step",
    options: { ...rest, ...objectOf(options) },
  };
}

function* runsOf(database: Database): Generator<OldRun> {
  const steps = database.query("SELECT * FROM step_results WHERE run_id = ? ORDER BY rowid");
  for (const row of database.query("SELECT * FROM workflow_runs ORDER BY rowid").iterate() as Iterable<Row>) {
    const id = textOf(row["id"]);
    yield {
      id,
      workflowId: textOf(row["workflow_id"]),
      status: textOf(row["status"]),
      payload: jsonOf(row["payload"]),
      error: optional(row["error"]),
      startedAt: timeOf(row["started_at"]),
      completedAt: timeOf(row["completed_at"]),
      steps: (steps.all(id) as Row[]).map(stepResultOf),
    };
  }
}

function stepResultOf(row: Row): OldStepResult {
  return {
    stepId: textOf(row["step_id"]),
    status: textOf(row["status"]),
    output: jsonOf(row["output"]),
    error: optional(row["error"]),
    startedAt: timeOf(row["started_at"]),
    completedAt: timeOf(row["completed_at"]),
  };
}

function rowsOf(database: Database, sql: string): Row[] {
  return database.query(sql).all() as Row[];
}

/** The value a column holds as JSON; text that is none stays text. */
function jsonOf(value: unknown): unknown {
  if (typeof value !== "string") return value ?? undefined;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

function timeOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  const at = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

function objectOf(value: unknown): Row {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Row) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

function optional(value: unknown): string | undefined {
  const text = textOf(value);
  return text === "" ? undefined : text;
}
