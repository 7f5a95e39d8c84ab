// What the live stream costs: a thousand runs a second, first with nobody connected, then told to ten clients.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LiveMessage } from "@sluice/protocol";
import { killAll, startServer, token, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

const project = mkdtempSync(join(tmpdir(), "sluice-live-load-"));
const runsPerSecond = 1_000;
const roundMs = 8_000;
const clients = 10;
const extraCpuShareMax = 0.35;
/** Of the kernel's accounting: USER_HZ is 100 on every Linux that matters here. */
const ticksPerSecond = 100;
const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
let server: ServerProcess;

beforeAll(async () => {
  writeProject(project, {
    "workflows/quick.ts": `
import { workflow } from "sluice";

export const quick = workflow({ name: "quick" }, async () => "done");
`,
  });
  server = await startServer({ project, data: join(project, "data") });
});
afterAll(async () => {
  await killAll(server);
  rmSync(project, { recursive: true, force: true });
});

/** Processor time of the server process so far, in milliseconds: fields 14 and 15 of proc(5)'s stat. */
function cpuMs(): number {
  const stat = readFileSync(`/proc/${server.process.pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond;
}

/** Starts runs at an even pace for a round; resolves with the server's share of a processor and the ids. */
async function round(): Promise<{ readonly cpuShare: number; readonly ids: readonly string[] }> {
  const ids: string[] = [];
  const asked: Promise<void>[] = [];
  const [cpuBefore, before] = [cpuMs(), performance.now()];
  const start = async (): Promise<void> => {
    const response = await fetch(`${server.url}/api/v1/workflows/quick/runs`, { method: "POST", headers, body: "{}" });
    const { run } = (await response.json()) as { run: { id: string } };
    ids.push(run.id);
  };
  for (let begun = 0; begun < (runsPerSecond * roundMs) / 1_000;) {
    const due = ((performance.now() - before) * runsPerSecond) / 1_000;
    for (; begun < due; begun++) asked.push(start());
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  }
  await Promise.all(asked);
  return { cpuShare: (cpuMs() - cpuBefore) / (performance.now() - before), ids };
}

class Client {
  readonly status = new Map<string, string>();
  readonly socket: WebSocket;
  bytes = 0;
  lagged = 0;
  told = (): void => undefined;

  constructor() {
    // Bun's own extension: browsers send cookies instead.
    this.socket = new WebSocket(`${server.url.replace("http", "ws")}/api/v1/live`, { headers } as unknown as string[]);
    this.socket.addEventListener("message", ({ data }) => {
      this.bytes += String(data).length;
      const message = JSON.parse(String(data)) as LiveMessage;
      if (message.type === "hello") {
        for (const topic of ["runs", "overview"]) this.socket.send(JSON.stringify({ type: "subscribe", topic }));
      }
      if (message.type === "runs") for (const { id, status } of message.runs) this.status.set(id, status);
      if (message.type === "lagged") this.lagged++;
      this.told();
    });
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        this.told = resolve;
      });
    }
  }
}

test("a thousand runs a second told to ten clients cost a part of a processor", async () => {
  await round();
  const alone = await round();
  const connected = Array.from({ length: clients }, () => new Client());
  await Promise.all(connected.map(async (client) => client.until(() => client.bytes > 150)));
  const told = await round();
  for (const client of connected) {
    await client.until(() => told.ids.every((id) => client.status.get(id) === "completed"));
    client.socket.close();
  }
  const figures = {
    runsPerSecond,
    clients,
    cpuShareAlone: Number(alone.cpuShare.toFixed(3)),
    cpuShareTold: Number(told.cpuShare.toFixed(3)),
    bytesPerClient: connected[0]?.bytes,
    lagged: connected.reduce((sum, { lagged }) => sum + lagged, 0),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  expect(figures.lagged).toBe(0);
  expect(told.cpuShare - alone.cpuShare).toBeLessThan(extraCpuShareMax);
}, 120_000);
