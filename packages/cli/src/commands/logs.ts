// `sluice logs`: search what was logged, follow what is being logged, send what stands in a file.
import { parseDuration } from "@sluice/protocol";
import type { Command } from "commander";
import type { Api, TargetFlags } from "../api.ts";
import { misused } from "../io.ts";
import type { Io } from "../io.ts";
import { logEvents } from "../log-events.ts";
import type { LogLine } from "../log-events.ts";
import { entryOf, ShippedFile } from "../log-shipping.ts";
import { table } from "../table.ts";
import { apiOf, clientCommand, commandGroup } from "./client-command.ts";
import { addLogArchiveCommands } from "./log-archives.ts";
import { collect } from "./repeated-option.ts";

interface QueryFlags extends TargetFlags {
  readonly since?: string;
  readonly limit?: string;
  readonly tenant?: string;
}

interface TailFlags extends TargetFlags {
  readonly last?: string;
  readonly for?: string;
  readonly tenant?: string;
}

interface ShipFlags extends TargetFlags {
  readonly follow?: boolean;
  readonly multiline?: boolean;
  readonly label?: string[];
  readonly tenant?: string;
}

interface LogAnswer {
  readonly entries: readonly LogLine[] | null;
  readonly columns: readonly string[] | null;
  readonly rows: readonly (readonly (string | number | boolean | null)[])[] | null;
  readonly partial: string | null;
  readonly damaged: readonly { readonly file: string; readonly why: string }[];
}

interface DeleteFlags extends TargetFlags {
  readonly before?: string;
  readonly tenant?: string;
  readonly yes?: boolean;
}

const lookAgainMs = 500;

export function addLogsCommands(program: Command, io: Io): void {
  const logs = commandGroup(program, "logs", "Search and follow logs, and send files of them");
  clientCommand(logs, {
    name: "query",
    description: "Entries that fit, or what pipes make of them",
    example: `sluice logs query 'level:error "timed out" | stats by (service) count()' --since 1h`,
  })
    .argument("[query]", "in the language of logs; everything without it")
    .option("--since <time>", "only from this long ago on, such as 1h")
    .option("--limit <n>", "how many rows (default: 100)")
    .option("--tenant <name>", "where the token is for several")
    .action((text: string | undefined, flags: QueryFlags) => query(io, text ?? "", flags));
  clientCommand(logs, {
    name: "tail",
    description: "The latest entries that fit, then each as it comes",
    example: "sluice logs tail 'level:>=warn'",
  })
    .argument("[filter]", "a filter in the language of logs; everything without it")
    .option("--last <n>", "how many of the latest come first (default: 10)")
    .option("--for <time>", "end after this long, such as 10s")
    .option("--tenant <name>", "where the token is for several")
    .action((filter: string | undefined, flags: TailFlags) => tail(io, filter ?? "", flags));
  clientCommand(logs, {
    name: "ship",
    description: "Send the lines of a file; a line that is a JSON object is an entry with its fields",
    example: "sluice logs ship app.log --label service=api --follow",
  })
    .argument("<file>", "the file")
    .option("--follow", "go on with what is added, past rotation too")
    .option("--multiline", "a line that begins with a space belongs to the one before")
    .option("--label <name=value>", "label of the stream; may be repeated", collect)
    .option("--tenant <name>", "where the token is for several")
    .action((file: string, flags: ShipFlags) => ship(io, file, flags));
  clientCommand(logs, {
    name: "delete",
    description: "Delete the entries that fit, for good",
    example: "sluice logs delete 'user:=ada@example.com' --yes",
  })
    .argument("<filter>", "in the language of logs, without pipes; '*' is everything")
    .option("--before <time>", "only what is older than this, such as 30d")
    .option("--tenant <name>", "where the token is for several")
    .option("--yes", "really delete them")
    .action((filter: string, flags: DeleteFlags) => erase(io, filter, flags));
  addLogArchiveCommands(logs, io);
}

async function query(io: Io, text: string, flags: QueryFlags): Promise<void> {
  const limit = countOf(flags.limit, "--limit") ?? 100;
  const timed = flags.since === undefined ? text : `_time:${flags.since} ${text}`;
  const body = { query: timed, limit, ...(flags.tenant === undefined ? {} : { tenant: flags.tenant }) };
  const answer = await apiOf(io, flags).json<LogAnswer>("/api/v1/logs/query", { method: "POST", body, patient: true });
  if (flags.json === true) io.print(JSON.stringify(answer));
  else {
    // As one reads a file: the latest stands last.
    for (const entry of (answer.entries ?? []).toReversed()) io.print(lineOf(entry));
    const cells = (answer.rows ?? []).map((row) => row.map((cell) => visible(String(cell ?? ""))));
    if (cells.length > 0) for (const line of table((answer.columns ?? []).map(visible), cells)) io.print(line);
    if ((answer.entries ?? answer.rows ?? []).length === 0) io.complain("Nothing fits.");
  }
  if (answer.partial !== null) io.complain(`This is not all: it was ended early (${answer.partial}).`);
  for (const { file, why } of answer.damaged) io.complain(`A piece of ${file} could not be read: ${why}.`);
}

async function erase(io: Io, filter: string, flags: DeleteFlags): Promise<void> {
  if (flags.yes !== true)
    throw misused("This cannot be taken back.", "Look with `sluice logs query` first, then add --yes.");
  const to = flags.before === undefined ? {} : { to: Date.now() - parseDuration(flags.before) };
  const body = { query: filter, ...to, ...(flags.tenant === undefined ? {} : { tenant: flags.tenant }) };
  const answer = await apiOf(io, flags).json<{ readonly upToSeq: number }>("/api/v1/logs/delete", {
    method: "POST",
    body,
  });
  io.print(flags.json === true ? JSON.stringify(answer) : "They are deleted: nobody finds them any more.");
}

async function tail(io: Io, filter: string, flags: TailFlags): Promise<void> {
  const last = countOf(flags.last, "--last") ?? 10;
  const signal = flags.for === undefined ? undefined : AbortSignal.timeout(parseDuration(flags.for));
  for await (const event of logEvents(apiOf(io, flags), { query: filter, last, tenant: flags.tenant }, signal)) {
    if (flags.json === true) io.print(JSON.stringify(event));
    else if ("entry" in event) io.print(lineOf(event.entry));
    else io.complain(`${event.missed.count} entries came too fast and are missing here.`);
  }
}

async function ship(io: Io, path: string, flags: ShipFlags): Promise<void> {
  const labels = labelsOf(flags.label ?? []);
  const file = openFile(path, flags.multiline === true);
  const api = apiOf(io, flags);
  const sent = { entries: 0, duplicates: 0, rejected: 0 };
  try {
    let more = true;
    while (more) {
      for (const batch of file.batches(flags.follow !== true)) await send(api, { ...batch, labels, flags, sent });
      more = flags.follow === true;
      if (more && !file.followRotation()) await Bun.sleep(lookAgainMs);
    }
  } finally {
    file.close();
  }
  if (flags.json === true) io.print(JSON.stringify(sent));
  else {
    io.print(
      `${sent.entries} entries are stored${sent.duplicates === 0 ? "" : `, ${sent.duplicates} were there already`}.`,
    );
    if (sent.rejected > 0) io.complain(`${sent.rejected} were not taken.`);
  }
}

function openFile(path: string, joinsLines: boolean): ShippedFile {
  try {
    return new ShippedFile(path, { joinsLines });
  } catch (error) {
    throw misused(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function send(
  api: Api,
  p: {
    readonly key: string;
    readonly records: readonly string[];
    readonly labels: Readonly<Record<string, string>>;
    readonly flags: ShipFlags;
    readonly sent: { entries: number; duplicates: number; rejected: number };
  },
): Promise<void> {
  const answer = await api.json<{
    readonly accepted: number;
    readonly rejections: number;
    readonly duplicate: boolean;
  }>("/api/v1/logs", {
    method: "POST",
    body: { labels: p.labels, entries: p.records.map(entryOf) },
    headers: {
      "idempotency-key": p.key,
      ...(p.flags.tenant === undefined ? {} : { "x-scope-orgid": p.flags.tenant }),
    },
  });
  if (answer.duplicate) p.sent.duplicates += answer.accepted;
  else p.sent.entries += answer.accepted;
  p.sent.rejected += answer.rejections;
}

function labelsOf(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((each) => {
      const at = each.indexOf("=");
      if (at <= 0) throw misused(`${each} is no label.`, "Such as service=api");
      return [each.slice(0, at), each.slice(at + 1)];
    }),
  );
}

function countOf(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw misused(`${flag} takes a whole number.`);
}

function lineOf({ time, level, line, labels, fields }: LogLine): string {
  const pairs = [...Object.entries(labels), ...Object.entries(fields)].map(([name, value]) => `${name}=${value}`);
  const level5 = level === "unknown" ? "-" : level.toUpperCase();
  return visible([time, level5.padEnd(5), line, ...pairs].filter((part) => part !== "").join(" "));
}

/** What came from outside must not steer the terminal: control characters are shown as their escapes. */
function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, (sign) =>
    sign === "\n" || sign === "\t" ? sign : `\\x${sign.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
