// `sluice audit`: who did what, the whole of it as lines of JSON, and whether it is as it was written.
import { createWriteStream, existsSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { finished } from "node:stream/promises";
import type { Command } from "commander";
import { dataFolder, runningServer } from "../api.ts";
import type { TargetFlags } from "../api.ts";
import { CliError, exitCodes, failed, inert, misused } from "../io.ts";
import type { Io } from "../io.ts";
import { table, time } from "../table.ts";
import { apiOf, clientCommand, commandGroup, show } from "./client-command.ts";
import { timeOf } from "./runs-bulk.ts";

interface RowView {
  readonly seq: number;
  readonly at: number;
  readonly actor: string;
  readonly actorName: string | null;
  readonly action: string;
  readonly target: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly address: string | null;
}

interface Report {
  readonly ok: boolean;
  readonly rows: number;
  readonly checkpoints: number;
  readonly problems: readonly { readonly seq: number | null; readonly problem: string; readonly message: string }[];
  readonly warnings: readonly string[];
}

interface FilterFlags extends TargetFlags {
  readonly actor?: string;
  readonly action?: string;
  readonly target?: string;
  readonly outcome?: string;
  readonly text?: string;
  readonly since?: string;
  readonly until?: string;
}

interface VerifyFlags extends TargetFlags {
  readonly offline?: true;
  readonly checkpoints?: string;
  readonly key?: string;
}

export function addAuditCommands(program: Command, io: Io): void {
  const audit = commandGroup(program, "audit", "Look at the audit trail and check it");
  addList(audit, io);
  addVerify(audit, io);
  filterOptions(
    clientCommand(audit, {
      name: "export",
      description: "Rows as lines of JSON with their hashes, oldest first",
      example: "sluice audit export trail.jsonl",
    }),
  )
    .argument("[file]", "file to write; it must not exist (default: standard output)")
    .action((file: string | undefined, flags: FilterFlags) => exportTrail(io, file, flags));
}

/** The options that say which rows. */
function filterOptions(command: Command): Command {
  return command
    .option("--actor <who>", "user:ID, token:ID, …, or only the kind")
    .option("--action <name>", "such as run:cancel, or run:*")
    .option("--target <what>", "such as run:ID; a * at its end stands for anything")
    .option("--outcome <outcome>", "done, refused, failed or intended")
    .option("--text <text>", "occurs anywhere in the row")
    .option("--since <time>", 'at or after: a time, or "2h" for two hours ago')
    .option("--until <time>", "before");
}

function filterQuery(flags: FilterFlags): Record<string, string | number | undefined> {
  const { actor, action, target, outcome, text, since, until } = flags;
  return { actor, action, target, outcome, text, from: timeOf(since, "--since"), to: timeOf(until, "--until") };
}

function addList(audit: Command, io: Io): void {
  filterOptions(
    clientCommand(audit, {
      name: "list",
      description: "Who did what, newest first",
      example: "sluice audit list --action 'run:*' --outcome refused",
    }),
  )
    .option("--limit <n>", "how many (default: 50)")
    .option("--cursor <cursor>", "go on where the page before ended")
    .action(async (flags: FilterFlags & { readonly limit?: string; readonly cursor?: string }) => {
      const page = await apiOf(io, flags).json<{
        readonly records: readonly RowView[];
        readonly nextCursor: string | null;
      }>("/api/v1/audit", { query: { ...filterQuery(flags), limit: flags.limit, cursor: flags.cursor } });
      show(io, flags, { json: page, text: () => listText(page) });
    });
}

function listText(page: { readonly records: readonly RowView[]; readonly nextCursor: string | null }): string[] {
  if (page.records.length === 0) return ["No rows."];
  const rows = page.records.map((row) => [
    String(row.seq),
    time(row.at),
    plain(row.actorName === null ? row.actor : `${row.actorName} (${row.actor})`),
    plain(row.address ?? "-"),
    plain(row.action),
    plain(row.target),
    plain(row.reason === null ? row.outcome : `${row.outcome}: ${row.reason}`),
  ]);
  const more = page.nextCursor === null ? [] : [`More: --cursor ${page.nextCursor}`];
  return [...table(["ROW", "TIME", "WHO", "FROM", "ACTION", "TARGET", "OUTCOME"], rows), ...more];
}

/** Text that somebody else chose, without what a terminal would obey or turn around. */
function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (found) => `\\u{${found.codePointAt(0)?.toString(16)}}`);
}

function addVerify(audit: Command, io: Io): void {
  clientCommand(audit, {
    name: "verify",
    description: "Check every row's hash and the signed checkpoints; exit code 1 when something is wrong",
    example: "sluice audit verify --data ./shop/.sluice --checkpoints /mnt/safe/checkpoints.jsonl",
  })
    .option("--offline", "read the data folder itself, whether a server runs over it or not")
    .option("--checkpoints <file>", "compare with the checkpoints in this file; implies --offline")
    .option("--key <file>", "copy of keys/audit.pub that checks their signatures (default: the data folder's)")
    .action(async (flags: VerifyFlags) => {
      const report = await verify(io, flags);
      show(io, flags, { json: report, text: () => reportText(report) });
      if (!report.ok) {
        const message = "The audit trail is not as it was written.";
        throw new CliError(exitCodes.failed, { code: "data_folder_corrupt", message }, true);
      }
    });
}

/** By the server that is named or runs over the folder; from the folder itself where none does, or none is to be believed. */
async function verify(io: Io, flags: VerifyFlags): Promise<Report> {
  const data = dataFolder(io, flags);
  const offline = flags.offline === true || flags.checkpoints !== undefined;
  if (flags.key !== undefined && flags.checkpoints === undefined)
    throw misused("--key checks the signatures of checkpoints.", "Name their file with --checkpoints.");
  if (offline) {
    if (flags.url !== undefined)
      throw misused("A data folder is read where it lies, not at --url.", "Name it with --data.");
    return fromFolder(io, data, flags);
  }
  // A folder on the command line is meant, whatever the environment says.
  const folderNamed = flags.data !== undefined || flags.project !== undefined;
  const url = flags.url ?? (folderNamed ? undefined : io.env["SLUICE_URL"]);
  const server = url === undefined ? runningServer(data) : undefined;
  if (url === undefined && server === undefined && existsSync(join(data, "state.db")))
    return fromFolder(io, data, flags);
  try {
    const target = url === undefined ? flags : { ...flags, url };
    return await apiOf(io, target).json<Report>("/api/v1/audit/verify", { method: "POST", body: {}, patient: true });
  } catch (error) {
    // The server that was here last is gone.
    const gone = error instanceof CliError && error.wire.code === "unavailable" && server !== undefined;
    if (gone) return fromFolder(io, data, flags);
    throw error;
  }
}

async function fromFolder(io: Io, data: string, { checkpoints, key }: VerifyFlags): Promise<Report> {
  const { checkAudit } = await import("@sluice/server/offline");
  const at = (path: string | undefined): string | undefined => (path === undefined ? undefined : resolve(io.cwd, path));
  return checkAudit({ data, checkpoints: at(checkpoints), key: at(key) });
}

function reportText({ rows, checkpoints, problems, warnings }: Report): string[] {
  const found = problems.length === 0 ? "nothing is wrong" : `${problems.length} wrong`;
  return [
    `${rows} rows and ${checkpoints} checkpoints checked: ${found}.`,
    ...problems.map(({ problem, message }) => `${problem}: ${plain(message)}`),
    ...warnings.map((warning) => `warning: ${plain(warning)}`),
  ];
}

async function exportTrail(io: Io, file: string | undefined, flags: FilterFlags): Promise<void> {
  const path = file === undefined ? undefined : resolve(io.cwd, file);
  if (path !== undefined && existsSync(path)) throw misused(`The file ${path} exists already.`, "Name another one.");
  const response = await apiOf(io, flags).send("/api/v1/audit/export", { query: filterQuery(flags), patient: true });
  const out = path === undefined ? undefined : createWriteStream(`${path}.part`, { mode: 0o600, flush: true });
  try {
    const decoder = new TextDecoder();
    const rows = await copy(response, async (chunk) => {
      if (out === undefined) io.stdout.write(inert(decoder.decode(chunk, { stream: true })));
      else if (!out.write(chunk)) await new Promise((resume) => void out.once("drain", resume));
    });
    if (out === undefined || path === undefined) return;
    out.end();
    await finished(out);
    renameSync(`${path}.part`, path);
    show(io, flags, { json: { file: path, rows }, text: () => [`${rows} rows written to ${path}.`] });
  } catch (error) {
    out?.destroy();
    if (path !== undefined) rmSync(`${path}.part`, { force: true });
    const why = error instanceof Error ? error.message : String(error);
    throw failed({ code: "unavailable", message: `The export was cut off: ${why}` });
  }
}

/** Passes a body on; how many lines it had. */
async function copy(response: Response, pass: (chunk: Uint8Array) => Promise<void>): Promise<number> {
  let lines = 0;
  for await (const piece of response.body ?? []) {
    const chunk = piece as Uint8Array;
    for (const byte of chunk) if (byte === 0x0a) lines++;
    await pass(chunk);
  }
  return lines;
}
