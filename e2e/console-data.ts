// A server over the quickstart project with something to look at: runs that ended well and badly, one that waits for a word.
import { join } from "node:path";
import { call, startServer } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

/** What screens are opened with. */
export interface ConsoleData {
  readonly completedRun: string;
  readonly failedRun: string;
  readonly waitingRun: string;
}

const quickstart = join(import.meta.dir, "../examples/quickstart");

/** `sluice up` over the quickstart project; without `--no-auth` its token is the one of server-process.ts. */
export async function startConsole(p: {
  readonly data: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}): Promise<ServerProcess> {
  return startServer({ project: quickstart, ...p });
}

async function startRun(server: ServerProcess, order: Record<string, unknown>, wait: string): Promise<string> {
  const started = await call<{ readonly run: { readonly id: string } }>(
    server,
    `POST /api/v1/workflows/order/runs?wait=${wait}`,
    { input: { holdSeconds: 0, ...order }, tags: ["shop", `order-${String(order["id"])}`] },
  );
  if (started === undefined || started.status >= 300) throw new Error(`no run: ${JSON.stringify(started?.body)}`);
  return started.body.run.id;
}

/** Starts runs and waits until they are where they should be. */
export async function makeData(server: ServerProcess): Promise<ConsoleData> {
  const [completedRun, failedRun] = await Promise.all([
    startRun(server, { id: "o-1", total: 40 }, "60s"),
    startRun(server, { id: "o-2", total: 40, address: "nowhere" }, "60s"),
    startRun(server, { id: "o-3", total: 75 }, "60s"),
  ]);
  const waitingRun = await startRun(server, { id: "o-4", total: 5_000 }, "0s");
  for (let approvals = 0; approvals === 0;) {
    const shown = await call<{ readonly approvals: readonly unknown[] }>(server, "GET /api/v1/approvals");
    approvals = shown?.body.approvals.length ?? 0;
  }
  await call(server, "POST /api/v1/events", { name: "payment.received", key: "o-1", payload: { amount: 40 } });
  return { completedRun, failedRun, waitingRun };
}
