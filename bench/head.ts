// What every report begins with: the machine, what a sync costs on its disk, and how the figures were made.

import type { Machine } from "./machine.ts";
import { shown, type Summary } from "./statistics.ts";

export interface Head {
  readonly date: string;
  readonly command: string;
  readonly quick: boolean;
  readonly rounds: number;
  readonly machine: Machine;
  /** Milliseconds of a 4 KiB append with fdatasync, in the folder of the data; median of the rounds. */
  readonly fsync: Pick<Summary, "p50" | "p99">;
  readonly dataInMemory: boolean;
}

/** Paragraphs for people. */
export function headOf({ date, command, quick, rounds, machine, fsync, dataInMemory }: Head): string[] {
  const storage = dataInMemory ? " — **the data folder is in memory: these figures are not durable**" : "";
  const counts = `${rounds} round${rounds === 1 ? "" : "s"}, medians${quick ? "; --quick: not fit for comparison" : ""}`;
  return [
    `${date} · ${machine.cores} cores, ${machine.cpu}, ${machine.memoryGb} GB · ${machine.system} · Bun ${machine.bun}`,
    `fdatasync of a 4 KiB append: p50 ${shown(fsync.p50)} ms, p99 ${shown(fsync.p99)} ms${storage}`,
    `${counts} · \`${command}\``,
  ];
}
