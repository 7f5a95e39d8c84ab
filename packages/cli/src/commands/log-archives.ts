// `sluice logs archive`, `restore`, `verify`, `archives`: old days of logs, where they stand and whether they are whole.
import { parseDuration } from "@sluice/protocol";
import type { Command } from "commander";
import type { TargetFlags } from "../api.ts";
import { CliError, exitCodes, misused } from "../io.ts";
import type { Io } from "../io.ts";
import { table } from "../table.ts";
import { apiOf, clientCommand } from "./client-command.ts";

interface ArchiveFlags extends TargetFlags {
  readonly before?: string;
}

interface ArchivedDay {
  readonly day: string;
  readonly files: number;
  readonly entries: number;
}

export function addLogArchiveCommands(logs: Command, io: Io): void {
  clientCommand(logs, {
    name: "archive",
    description: "Move the days that are old enough into the archive, now",
    example: "sluice logs archive --before 7d",
  })
    .option("--before <time>", "all days before this one, or older than this, such as 2026-01-31 or 7d")
    .action((flags: ArchiveFlags) => archive(io, flags));
  clientCommand(logs, {
    name: "archives",
    description: "The days that stand in the archive",
    example: "sluice logs archives",
  }).action((flags: TargetFlags) => list(io, flags));
  clientCommand(logs, {
    name: "restore",
    description: "Bring a day back out of the archive",
    example: "sluice logs restore 2026-01-31",
  })
    .argument("<day>", "the UTC day")
    .action((day: string, flags: TargetFlags) => restore(io, day, flags));
  clientCommand(logs, {
    name: "verify",
    description: "Read the whole archive and hold it against its checksums; exit code 1 where something is wrong",
    example: "sluice logs verify",
  }).action((flags: TargetFlags) => verify(io, flags));
}

async function archive(io: Io, flags: ArchiveFlags): Promise<void> {
  const { before } = flags;
  const body = before === undefined ? {} : { before: dayOf(before) };
  const answer = await apiOf(io, flags).json<{ readonly days: readonly ArchivedDay[] }>("/api/v1/logs/archive", {
    method: "POST",
    body,
    patient: true,
  });
  if (flags.json === true) io.print(JSON.stringify(answer));
  else if (answer.days.length === 0) io.print("Nothing is old enough.");
  else for (const { day, entries, files } of answer.days) io.print(`${day}: ${entries} entries in ${files} files.`);
}

/** A day, or the one that was so long ago. */
function dayOf(text: string): string {
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return text;
  try {
    return new Date(Date.now() - parseDuration(text)).toISOString().slice(0, 10);
  } catch {
    throw misused(`${text} is neither a day nor a duration.`, "Such as 2026-01-31 or 7d.");
  }
}

async function list(io: Io, flags: TargetFlags): Promise<void> {
  const answer = await apiOf(io, flags).json<{
    readonly days: readonly (ArchivedDay & { readonly bytes: number; readonly rawBytes: number })[];
    readonly failing: string | null;
  }>("/api/v1/logs/archives");
  if (flags.json === true) io.print(JSON.stringify(answer));
  else if (answer.days.length === 0) io.print("Nothing is archived.");
  else {
    const cells = answer.days.map(({ day, files, entries, bytes, rawBytes }) =>
      [day, files, entries, bytes, rawBytes].map(String),
    );
    for (const line of table(["day", "files", "entries", "bytes", "raw bytes"], cells)) io.print(line);
  }
  if (answer.failing !== null) io.complain(`Archiving fails: ${answer.failing}`);
}

async function restore(io: Io, day: string, flags: TargetFlags): Promise<void> {
  const answer = await apiOf(io, flags).json<{ readonly entries: number }>("/api/v1/logs/archive/restore", {
    method: "POST",
    body: { day },
    patient: true,
  });
  io.print(flags.json === true ? JSON.stringify(answer) : `${answer.entries} entries of ${day} are back.`);
}

async function verify(io: Io, flags: TargetFlags): Promise<void> {
  const answer = await apiOf(io, flags).json<{
    readonly days: number;
    readonly files: number;
    readonly entries: number;
    readonly faults: readonly { readonly file: string; readonly why: string }[];
  }>("/api/v1/logs/archive/verify", { method: "POST", body: {}, patient: true });
  if (flags.json === true) io.print(JSON.stringify(answer));
  else io.print(`${answer.entries} entries of ${answer.days} days in ${answer.files} files.`);
  for (const { file, why } of answer.faults) io.complain(`${file}: ${why}`);
  if (answer.faults.length > 0) {
    const message = `${answer.faults.length} files of the archive are not as they were written.`;
    throw new CliError(exitCodes.failed, { code: "store_failed", message }, true);
  }
}
