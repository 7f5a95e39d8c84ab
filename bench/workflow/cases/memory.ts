// Memory of the server and of what executes the code, apart: proportional set size, idle since its start and then loaded.

import { pause } from "../../clock.ts";
import { pssMb } from "../../processes.ts";
import { type CaseContext, perSecond } from "./case.ts";

const CALLERS = 32;
const SAMPLE_MS = 250;

export async function measureMemory(context: CaseContext): Promise<void> {
  const { contender, scale, key } = context;
  await pause(scale.idleMs);
  const idle = contender.processes();
  context.report("memory.idleServerMb", pssMb(idle.server));
  if (idle.worker.length > 0) context.report("memory.idleWorkerMb", pssMb(idle.worker));
  await contender.expect?.(CALLERS);
  const most = { server: 0, worker: 0 };
  const sampling = setInterval(() => {
    const { server, worker } = contender.processes();
    most.server = Math.max(most.server, pssMb(server));
    most.worker = Math.max(most.worker, pssMb(worker));
  }, SAMPLE_MS);
  try {
    await perSecond(CALLERS, { warmupMs: 0, ms: scale.loadMs }, async () => await contender.run("steps3", { key: key() }));
  } finally {
    clearInterval(sampling);
  }
  context.report("memory.loadServerMb", most.server);
  if (most.worker > 0) context.report("memory.loadWorkerMb", most.worker);
}
