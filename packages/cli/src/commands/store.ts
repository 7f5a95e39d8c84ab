// `sluice store migrate`: runs and everything about them from the data folder to PostgreSQL, and back.
import { resolve } from "node:path";
import type { Command } from "commander";
import type { StorePlace } from "@sluice/core/store/postgres";
import { misused } from "../io.ts";
import type { Io } from "../io.ts";
import { show } from "./client-command.ts";

interface Flags {
  readonly from: string;
  readonly to: string;
  readonly json?: boolean;
}

export function addStoreCommands(program: Command, io: Io): void {
  const store = program.command("store").description("Where runs and everything about them are kept");
  store
    .command("migrate")
    .description("Copy everything from one place to another, and compare it; no server may run over either")
    .requiredOption("--from <place>", "data folder, or postgres://user@host/database")
    .requiredOption("--to <place>", "the same; it must be empty")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  sluice store migrate --from .sluice --to postgres://sluice@127.0.0.1/sluice")
    .action((flags: Flags) => migrate(io, flags));
}

async function migrate(io: Io, flags: Flags): Promise<void> {
  const [from, to] = [placeOf(io, flags.from), placeOf(io, flags.to)];
  if (flags.from === flags.to) throw misused("The two places are one.", "Name where the data is, and where it goes.");
  const { migrateStore } = await import("@sluice/core/store/postgres");
  const tables = await migrateStore({ from, to });
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  show(io, flags, {
    json: { tables, rows },
    text: () => [
      `Copied ${rows} rows of ${tables.length} tables; both sides were read and are the same.`,
      "Blobs, keys and logs stay in the data folder.",
    ],
  });
}

function placeOf(io: Io, text: string): StorePlace {
  if (/^postgres(?:ql)?:/.test(text)) return { postgres: text };
  return { folder: resolve(io.cwd, text.replace(/^file:\/\//, "")) };
}
