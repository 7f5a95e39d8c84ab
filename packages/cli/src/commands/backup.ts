// `sluice backup` and `sluice restore`: everything but the keys in one file, and back again.
import { createWriteStream, existsSync, renameSync, rmSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { finished } from "node:stream/promises";
import type { Command } from "commander";
import { SluiceError } from "@sluice/protocol";
import { dataFolder, runningServer } from "../api.ts";
import type { TargetFlags } from "../api.ts";
import { failed, misused } from "../io.ts";
import type { Io } from "../io.ts";
import { time } from "../table.ts";
import { apiOf, clientCommand, show } from "./client-command.ts";

export function addBackupCommands(program: Command, io: Io): void {
  clientCommand(program, {
    name: "backup",
    description: "Write a consistent backup while the server works on; keys are not in it",
    example: "sluice backup sluice.tar",
  })
    .argument("<file>", "file to write; it must not exist")
    .action((file: string, flags: TargetFlags) => backup(io, resolve(io.cwd, file), flags));
  clientCommand(program, {
    name: "restore",
    description: "Put a backup in the place of everything but the keys; what was there is kept beside it",
    example: "sluice restore sluice.tar",
  })
    .argument("<file>", "file that `sluice backup` wrote")
    .action((file: string, flags: TargetFlags) => restore(io, resolve(io.cwd, file), flags));
}

interface Restored {
  readonly createdAt: number;
  readonly runs: number;
  readonly blobs: number;
  readonly before?: string | null | undefined;
}

/** Into the server that is named or runs over the folder; into the folder itself where none does. */
async function restore(io: Io, file: string, flags: TargetFlags): Promise<void> {
  if (!existsSync(file)) throw failed({ code: "invalid_config", message: `There is no file ${file}.` });
  // A folder on the command line is meant, whatever the environment says.
  const folderNamed = flags.data !== undefined || flags.project !== undefined;
  const url = flags.url ?? (folderNamed ? undefined : io.env["SLUICE_URL"]);
  const [where, restored] =
    url === undefined ? await intoFolder(io, file, flags) : await online(io, file, { ...flags, url });
  const { createdAt, runs, before } = restored;
  show(io, flags, {
    json: { ...where, ...restored },
    text: () => [
      `Restored the backup of ${time(createdAt)} (${runs} runs) into ${"url" in where ? where.url : where.data}.`,
      ...(before === undefined || before === null
        ? []
        : [`What was there before is in ${before}${"url" in where ? " in its data folder" : ""}.`]),
    ],
  });
}

type Outcome = readonly [where: { readonly url: string } | { readonly data: string }, restored: Restored];

async function intoFolder(io: Io, file: string, flags: TargetFlags): Promise<Outcome> {
  const { restoreBackup } = await import("@sluice/server/offline");
  const data = dataFolder(io, flags);
  try {
    return [{ data }, await restoreBackup({ file, data, now: Date.now() })];
  } catch (error) {
    const server = runningServer(data);
    if (server === undefined || !isHeldBy(error, server.pid)) throw error;
    return online(io, file, { ...flags, url: server.url });
  }
}

function isHeldBy(error: unknown, pid: unknown): boolean {
  if (!(error instanceof SluiceError) || error.code !== "data_folder_locked") return false;
  return (error.details as { readonly pid?: unknown } | undefined)?.pid === pid;
}

async function online(io: Io, file: string, flags: TargetFlags): Promise<Outcome> {
  const api = apiOf(io, flags);
  const upload = { type: "application/x-tar", content: Bun.file(file) };
  const { restored } = await api.json<{ readonly restored: Restored }>("/api/v1/restore", { method: "POST", upload });
  return [{ url: api.target.url }, restored];
}

async function backup(io: Io, file: string, flags: TargetFlags): Promise<void> {
  if (existsSync(file)) throw misused(`The file ${file} exists already.`, "Name another one.");
  const response = await apiOf(io, flags).send("/api/v1/backup", { method: "POST", body: {} });
  const part = `${file}.part`;
  try {
    await receive(response, part);
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    const why = error instanceof Error ? error.message : String(error);
    throw failed({
      code: "unavailable",
      message: `The backup was cut off: ${why}`,
      hint: "The server's log says why.",
    });
  }
  const bytes = statSync(file).size;
  show(io, flags, { json: { file, bytes }, text: () => [`${bytes} bytes written to ${file}.`] });
}

async function receive(response: Response, part: string): Promise<void> {
  const out = createWriteStream(part, { mode: 0o600, flush: true });
  try {
    let last: Uint8Array = new Uint8Array(0);
    for await (const chunk of response.body ?? []) {
      last = chunk as Uint8Array;
      if (!out.write(last)) await new Promise((resume) => out.once("drain", resume));
    }
    out.end();
    await finished(out);
    // An archive ends with zeroes: one that was cut off does not.
    if (last.at(-1) !== 0) throw new Error("it ends too early");
  } finally {
    out.destroy();
  }
}
