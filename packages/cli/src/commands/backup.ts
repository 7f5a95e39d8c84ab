// `sluice backup` and `sluice restore`: everything but the keys in one file, and back again.
import { createWriteStream, existsSync, renameSync, rmSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { finished } from "node:stream/promises";
import type { Command } from "commander";
import { dataFolder } from "../api.ts";
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
  program
    .command("restore")
    .description("Put a backup in the place of a data folder's content; what was there is kept beside it")
    .argument("<file>", "file that `sluice backup` wrote")
    .option("--project <dir>", "folder of the project whose data folder is meant")
    .option("--data <dir>", "data folder (default: <project>/.sluice)")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  sluice restore sluice.tar --data ./restored\n")
    .action(async (file: string, flags: TargetFlags) => {
      const { restoreBackup } = await import("@sluice/server");
      const restored = await restoreBackup({
        file: resolve(io.cwd, file),
        data: dataFolder(io, flags),
        now: Date.now(),
      });
      show(io, flags, {
        json: restored,
        text: () => [
          `Restored the backup of ${time(restored.createdAt)} into ${restored.data}.`,
          ...(restored.before === undefined ? [] : [`What was there before is in ${restored.before}.`]),
        ],
      });
    });
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
