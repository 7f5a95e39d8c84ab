// What a sync costs on the disk that the figures were measured on: without it no durable figure can be compared.

import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { type Summary, summarize } from "./statistics.ts";

const BLOCK_BYTES = 4096;
const WARMUP_APPENDS = 20;
/** `f_type` of file systems in memory, from Linux' magic.h: there a sync costs nothing and proves nothing. */
const MEMORY_FILE_SYSTEMS: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

/** Milliseconds that one append of 4 KiB and its fdatasync take in this folder. */
export function measureFsync(folder: string, appends: number): Summary {
  const path = join(folder, "fsync-probe");
  const file = openSync(path, "w");
  const block = Buffer.alloc(BLOCK_BYTES, 0x5a);
  const timesMs: number[] = [];
  try {
    for (let index = 0; index < WARMUP_APPENDS + appends; index += 1) {
      const startedMs = performance.now();
      writeSync(file, block);
      fdatasyncSync(file);
      if (index >= WARMUP_APPENDS) timesMs.push(performance.now() - startedMs);
    }
  } finally {
    closeSync(file);
    rmSync(path, { force: true });
  }
  return summarize(timesMs);
}

/** Whether a folder lies in memory rather than on a disk. */
export async function liesInMemory(folder: string): Promise<boolean> {
  return MEMORY_FILE_SYSTEMS.has((await statfs(folder)).type);
}
