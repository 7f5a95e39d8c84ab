// `sluice migrate cronflow`: what a cronflow installation has left, as a program to fill in and as history.
import { appendFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { SluiceError } from "@sluice/protocol";
import type { Command } from "commander";
import type { Api, TargetFlags } from "../api.ts";
import type { OldDatabase } from "../cronflow/migrate/read-database.ts";
import { CliError, failed, misused } from "../io.ts";
import type { Io } from "../io.ts";
import { apiOf, clientCommand, commandGroup, show } from "./client-command.ts";

const fileDefault = ".cronflow/data.db";

interface MigrateFlags extends TargetFlags {
  readonly output?: string;
  readonly history?: string;
  readonly import?: true;
}

export function addMigrateCommands(program: Command, io: Io): void {
  const migrate = commandGroup(program, "migrate", "Bring over what another engine has left");
  clientCommand(migrate, {
    name: "cronflow",
    description: "Print a cronflow database's workflows as a program to fill in; keep its finished runs as history",
    example: "sluice migrate cronflow .cronflow/data.db --output workflows/migrated.ts --import",
  })
    .argument("[file]", "cronflow's database", fileDefault)
    .option("--output <file>", "file for the program (default: standard output)")
    .option("--history <file>", "file for finished runs, as lines for `sluice runs import`")
    .option("--import", "import finished runs into the server; those it has are passed over")
    .action((file: string, flags: MigrateFlags) => migrateCronflow(io, resolve(io.cwd, file), flags));
}

async function migrateCronflow(io: Io, file: string, flags: MigrateFlags): Promise<void> {
  const database = await opened(file);
  try {
    const { skeletonOf } = await import("../cronflow/migrate/skeleton.ts");
    const skeleton = skeletonOf(database.workflows);
    const output = flags.output === undefined ? undefined : resolve(io.cwd, flags.output);
    if (output !== undefined) written(output, skeleton);
    const runs = await keep(io, database, flags);
    const done = { workflows: database.workflows.map(({ id }) => id), ...runs };
    show(io, flags, {
      json: output === undefined ? { ...done, skeleton } : { ...done, output },
      text: () => [
        ...(output === undefined ? [skeleton.trimEnd()] : [`${done.workflows.length} workflows written to ${output}.`]),
        ...told(runs, flags),
      ],
    });
  } finally {
    database.close();
  }
}

async function opened(file: string): Promise<OldDatabase> {
  try {
    const { readDatabase } = await import("../cronflow/migrate/read-database.ts");
    return readDatabase(file);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    if (error.code === "not_found") throw misused(error.message, error.hint);
    throw failed({
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}

function written(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: "wx" });
  } catch (error) {
    throw misused(
      `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      "Name a file that is not there yet.",
    );
  }
}

interface KeptRuns {
  readonly finished: number;
  readonly unfinished: number;
  readonly imported: number;
  /** Those that the server had. */
  readonly skipped: number;
}

/** Writes or imports the runs that have ended, as far as either is asked for; counts all. */
async function keep(io: Io, database: OldDatabase, flags: MigrateFlags): Promise<KeptRuns> {
  const { historyOf } = await import("../cronflow/migrate/history.ts");
  const api = flags.import === true ? apiOf(io, flags) : undefined;
  const file = flags.history === undefined ? undefined : resolve(io.cwd, flags.history);
  if (file !== undefined) written(file, "");
  const counts = { finished: 0, unfinished: 0, imported: 0, skipped: 0 };
  for (const run of database.runs()) {
    const history = historyOf(run);
    if (history === undefined) {
      counts.unfinished++;
      continue;
    }
    counts.finished++;
    if (file !== undefined) appendFileSync(file, `${JSON.stringify(history)}\n`);
    if (api !== undefined) counts[await importRun(api, history)]++;
  }
  return counts;
}

async function importRun(api: Api, body: object): Promise<"imported" | "skipped"> {
  try {
    await api.json("/api/v1/run-imports", { method: "POST", body });
    return "imported";
  } catch (error) {
    if (error instanceof CliError && error.wire.code === "run_id_taken") return "skipped";
    throw error;
  }
}

/** Lines about the runs. They are comments, so that the program before them stays one. */
function told({ finished, unfinished, imported, skipped }: KeptRuns, flags: MigrateFlags): string[] {
  const left = unfinished === 0 ? "" : ` ${unfinished} have not ended and stay behind.`;
  const lines = [`// ${finished} finished runs.${left}`];
  if (flags.history !== undefined) lines.push(`// They are in ${flags.history}.`);
  if (flags.import === true)
    lines.push(`// ${imported} imported${skipped === 0 ? "" : `, ${skipped} were there already`}.`);
  else if (flags.history === undefined && finished > 0) lines.push("// --import keeps them as history of the server.");
  return lines;
}
