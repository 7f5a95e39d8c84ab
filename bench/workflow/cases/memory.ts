// Memory of the server and of what executes the code, apart: proportional set size, idle since its start and then loaded.

import { pause } from "../../clock.ts";
import { memoryOf } from "../../processes.ts";
import { type CaseContext, perSecond } from "./case.ts";

const CALLERS = 32;
const SAMPLE_MS = 250;

export async function measureMemory(context: CaseContext): Promise<void> {
  const { contender, scale, key } = context;
  await pause(scale.idleMs);
  const idle = contender.processes();
  const server = memoryOf(idle.server);
  context.report("memory.idleServerMb", server.pssMb);
  context.report("memory.idleServerRssMb", server.rssMb);
  if (idle.worker.length > 0) context.report("memory.idleWorkerMb", memoryOf(idle.worker).pssMb);
  await contender.expect?.(CALLERS);
  const most = { server: 0, worker: 0 };
  const sample = (): void => {
    const now = contender.processes();
    most.server = Math.max(most.server, memoryOf(now.server).pssMb);
    most.worker = Math.max(most.worker, memoryOf(now.worker).pssMb);
  };
  const sampling = setInterval(sample, SAMPLE_MS);
  try {
    await perSecond(CALLERS, { warmupMs: 0, ms: scale.loadMs }, async () => contender.run("steps3", { key: key() }));
  } finally {
    clearInterval(sampling);
  }
  sample();
  context.report("memory.loadServerMb", most.server);
  if (most.worker > 0) context.report("memory.loadWorkerMb", most.worker);
}
