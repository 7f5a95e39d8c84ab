// `sluice migrate cronflow`: what a cronflow installation has left, as a program to fill in and as history.
import { appendFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { SluiceError } from "@sluice/protocol";
import type { Command } from "commander";
import type { OldDatabase } from "../cronflow/migrate/read-database.ts";
import { failed, misused } from "../io.ts";
import type { Io } from "../io.ts";
import { commandGroup, show } from "./client-command.ts";

const fileDefault = ".cronflow/data.db";

interface MigrateFlags {
  readonly output?: string;
  readonly history?: string;
  readonly json?: boolean;
}

export function addMigrateCommands(program: Command, io: Io): void {
  const migrate = commandGroup(program, "migrate", "Bring over what another engine has left");
  migrate
    .command("cronflow")
    .description(
      "Print a cronflow database's workflows as a program to fill in, and write its finished runs as history",
    )
    .argument("[file]", "cronflow's database", fileDefault)
    .option("--output <file>", "file for the program (default: standard output)")
    .option("--history <file>", "file for finished runs, a line each, in the form in which runs are exported")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  sluice migrate cronflow .cronflow/data.db --output workflows/migrated.ts\n")
    .action((file: string, flags: MigrateFlags) => migrateCronflow(io, resolve(io.cwd, file), flags));
}

async function migrateCronflow(io: Io, file: string, flags: MigrateFlags): Promise<void> {
  const database = await opened(file);
  try {
    const { skeletonOf } = await import("../cronflow/migrate/skeleton.ts");
    const skeleton = skeletonOf(database.workflows);
    const output = flags.output === undefined ? undefined : resolve(io.cwd, flags.output);
    if (output !== undefined) written(output, skeleton);
    const runs = await keep(io, database, flags.history);
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
}

/** Writes the runs that have ended, where that is asked for; counts all. */
async function keep(io: Io, database: OldDatabase, name: string | undefined): Promise<KeptRuns> {
  const { historyOf } = await import("../cronflow/migrate/history.ts");
  const file = name === undefined ? undefined : resolve(io.cwd, name);
  if (file !== undefined) written(file, "");
  const counts = { finished: 0, unfinished: 0 };
  for (const run of database.runs()) {
    const history = historyOf(run);
    if (history === undefined) {
      counts.unfinished++;
      continue;
    }
    counts.finished++;
    if (file !== undefined) appendFileSync(file, `${JSON.stringify(history)}\n`);
  }
  return counts;
}

/** Lines about the runs. They are comments, so that the program before them stays one. */
function told({ finished, unfinished }: KeptRuns, { history }: MigrateFlags): string[] {
  const left = unfinished === 0 ? "" : ` ${unfinished} have not ended and stay behind.`;
  const where = history === undefined ? " --history FILE writes them." : ` They are in ${history}.`;
  return [`// ${finished} finished runs.${left}${finished === 0 ? "" : where}`];
}
