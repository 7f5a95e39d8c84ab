// Runs as files: one as a document, many as lines of JSON; exported here, imported there.
import { accessSync, appendFileSync, constants, createReadStream, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Command } from "commander";
import { runExportFormat } from "@sluice/protocol";
import type { RunExport } from "@sluice/protocol";
import { segment } from "../api.ts";
import type { Api, TargetFlags } from "../api.ts";
import { CliError, exitCodes, misused } from "../io.ts";
import type { Io } from "../io.ts";
import type { RunView } from "../views.ts";
import { apiOf, clientCommand, show } from "./client-command.ts";
import { filterOptions, filterQuery } from "./runs-bulk.ts";
import type { FilterFlags } from "./runs-bulk.ts";

const pageMax = 200;

type ExportFlags = FilterFlags & { readonly output?: string };

export function addHistoryCommands(runs: Command, io: Io): void {
  const exporting = clientCommand(runs, {
    name: "export",
    description: "Write a run with its journal as JSON, or all that match as lines of JSON",
    example: "sluice runs export run_… > fixture.json",
  }).argument("[run]", "id of the run; without one all that match, a line each");
  filterOptions(exporting)
    .option("--output <file>", "file to write (default: standard output)")
    .action((id: string | undefined, flags: ExportFlags) => exportRuns(io, id, flags));
  clientCommand(runs, {
    name: "import",
    description: "Keep exported runs that have ended as history",
    example: "sluice runs import runs.jsonl",
  })
    .argument("<file>", "what `sluice runs export` wrote: one run, or lines of them")
    .option("--skip-existing", "pass over runs whose id is there already")
    .action((file: string, flags: TargetFlags & { readonly skipExisting?: true }) => importRuns(io, file, flags));
}

async function exportRuns(io: Io, id: string | undefined, flags: ExportFlags): Promise<void> {
  const api = apiOf(io, flags);
  const file = flags.output === undefined ? undefined : resolve(io.cwd, flags.output);
  if (id !== undefined) {
    const text = JSON.stringify(await exportOf(api, id), null, 2);
    if (file === undefined) io.print(text);
    else writeFileSync(file, `${text}\n`);
    if (file !== undefined) tell(io, flags, { exported: 1, file });
    return;
  }
  if (file !== undefined) writeFileSync(file, "");
  let exported = 0;
  for await (const { id: each } of listed(api, flags)) {
    const line = JSON.stringify(await exportOf(api, each));
    if (file === undefined) io.print(line);
    else appendFileSync(file, `${line}\n`);
    exported++;
  }
  if (file !== undefined) tell(io, flags, { exported, file });
}

function tell(io: Io, flags: TargetFlags, done: { readonly exported: number; readonly file: string }): void {
  const runs = done.exported === 1 ? "1 run" : `${done.exported} runs`;
  show(io, flags, { json: done, text: () => [`${runs} written to ${done.file}.`] });
}

function exportOf(api: Api, id: string): Promise<RunExport> {
  return api.json<RunExport>(`/api/v1/runs/${segment(id)}/export`);
}

async function* listed(api: Api, flags: FilterFlags): AsyncIterable<RunView> {
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page: { readonly runs: readonly RunView[]; readonly nextCursor: string | null } = await api.json(
      "/api/v1/runs",
      { query: { ...filterQuery(flags), limit: pageMax, cursor } },
    );
    yield* page.runs;
    cursor = page.nextCursor;
  }
}

async function importRuns(io: Io, name: string, flags: TargetFlags & { readonly skipExisting?: true }): Promise<void> {
  const api = apiOf(io, flags);
  let imported = 0;
  let skipped = 0;
  for await (const body of exportsIn(resolve(io.cwd, name))) {
    try {
      await api.json("/api/v1/run-imports", { method: "POST", body });
      imported++;
    } catch (error) {
      const there = error instanceof CliError && error.wire.code === "run_id_taken";
      if (flags.skipExisting !== true || !there) throw afterSome(error, imported);
      skipped++;
    }
  }
  const passed = skipped === 0 ? "" : `, ${skipped} there already`;
  show(io, flags, { json: { imported, skipped }, text: () => [`${imported} runs imported${passed}.`] });
}

/** What was imported before a failure stays: whoever tries again passes over it. */
function afterSome(error: unknown, imported: number): unknown {
  if (!(error instanceof CliError) || imported === 0) return error;
  const hint = `${imported} runs were imported before; --skip-existing passes over them.`;
  return new CliError(exitCodes.failed, { ...error.wire, hint });
}

/** A document with one run, or lines with a run each, read as they come. */
async function* exportsIn(file: string): AsyncIterable<unknown> {
  const first = await firstLine(file);
  if (isRun(parsed(first))) {
    for await (const line of linesOf(file)) if (line.trim() !== "") yield parsedOr(line, file);
    return;
  }
  yield parsedOr(readFileSync(file, "utf8"), file);
}

async function firstLine(file: string): Promise<string> {
  for await (const line of linesOf(file)) return line;
  throw misused(`${file} is empty.`, "Write it with `sluice runs export`.");
}

function linesOf(file: string): AsyncIterable<string> {
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    throw misused(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`, "Name a file.");
  }
  return createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
}

function isRun(value: unknown): boolean {
  return typeof value === "object" && value !== null && "format" in value && value.format === runExportFormat;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parsedOr(text: string, file: string): unknown {
  const value = parsed(text);
  if (isRun(value)) return value;
  throw misused(`${file} has something that is no exported run.`, "Write it with `sluice runs export`.");
}
