// Bytes on disk for each durable step: what the folder grew by, as it is under load and after the contender was closed.

import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type CaseContext, withCallers } from "./case.ts";

const CALLERS = 32;
const STEPS_PER_RUN = 3;
const BLOCK_BYTES = 512;

export async function measureDisk(context: CaseContext): Promise<void> {
  const { contender, scale, key, folder } = context;
  const before = bytesOnDisk(folder);
  await contender.expect?.(CALLERS);
  await withCallers(CALLERS, scale.diskRuns, async () => await contender.run("steps3", { key: key() }));
  const steps = scale.diskRuns * STEPS_PER_RUN;
  context.report("disk.liveBytesPerStep", (bytesOnDisk(folder) - before) / steps);
  context.afterClose(() => context.report("disk.closedBytesPerStep", (bytesOnDisk(folder) - before) / steps));
}

/** What the files of a folder take on the disk, blocks counted whole. Files that vanish meanwhile count nothing. */
export function bytesOnDisk(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += bytesOnDisk(path);
    else bytes += (lstatSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * BLOCK_BYTES;
  }
  return bytes;
}
