// Bytes on disk for each durable step: what the folder grew by, as it is under load and after the contender was closed.
// The folder has been opened and closed before, so that what an empty one takes is not counted.

import { bytesOnDisk } from "../../disk.ts";
import { type CaseContext, withCallers } from "./case.ts";

const CALLERS = 32;
const STEPS_PER_RUN = 3;

export async function measureDisk(context: CaseContext): Promise<void> {
  const { contender, scale, key, folder, closedBytes } = context;
  const before = bytesOnDisk(folder);
  await contender.expect?.(CALLERS);
  await withCallers(CALLERS, scale.diskRuns, async () => contender.run("steps3", { key: key() }));
  const steps = scale.diskRuns * STEPS_PER_RUN;
  context.report("disk.liveBytesPerStep", (bytesOnDisk(folder) - before) / steps);
  context.afterClose(() => context.report("disk.closedBytesPerStep", (bytesOnDisk(folder) - closedBytes) / steps));
}
