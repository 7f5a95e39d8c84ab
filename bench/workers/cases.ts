// What is measured of workers on other machines, one function each.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { encodeFrame, FrameDecoder, workerMessageCodes } from "@sluice/protocol";
import { memoryOf } from "../processes.ts";
import { summarize } from "../statistics.ts";
import { type Runtime, type Site, token } from "./site.ts";

const chunkBytes = 64 * 1024;

/** Milliseconds of one no-op task after the other, its result durable. */
export async function roundTrip(site: Site, runtime: Runtime, p: { warmup: number; count: number }) {
  const child = await site.worker(runtime, `one-${runtime}`, 4);
  const timesMs = await site.run<number[]>("trips", { label: `one-${runtime}`, ...p });
  child.kill("SIGTERM");
  return summarize(timesMs);
}

/** No-op tasks a second, with so many under way. */
export async function throughput(
  site: Site,
  runtime: Runtime,
  p: { workers: number; inFlight: number; count: number },
): Promise<number> {
  const names = Array.from({ length: p.workers }, (_, index) => `many-${index}`);
  const children = [];
  for (const name of names) children.push(await site.worker(runtime, name, p.inFlight / p.workers));
  await site.run("flood", { count: Math.ceil(p.count / 10), inFlight: p.inFlight });
  const rate = await site.run<number>("flood", { count: p.count, inFlight: p.inFlight });
  for (const child of children) child.kill("SIGTERM");
  return rate;
}

/** A worker of bare frames. */
async function bare(
  site: Site,
  id: string,
  on: (type: number, payload: Record<string, unknown>) => void = () => undefined,
) {
  const accepted = Promise.withResolvers<void>();
  let drained = (): void => undefined;
  const decoder = new FrameDecoder();
  const frame = (type: number, payload: Record<string, unknown>): Uint8Array =>
    encodeFrame({ version: 1, type, id: crypto.randomUUID(), timestamp: Date.now(), runtime: "bun", payload });
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port: site.workerPort,
    socket: {
      data: (_socket, bytes) => {
        for (const { type, payload } of decoder.push(bytes)) {
          if (type === workerMessageCodes.HELLO_ACK) accepted.resolve();
          else if (type === workerMessageCodes.HEARTBEAT) socket.write(frame(workerMessageCodes.HEARTBEAT_ACK, {}));
          else on(type, payload);
        }
      },
      drain: () => drained(),
    },
  });
  socket.write(frame(workerMessageCodes.HELLO, { worker_id: id, capabilities: [id], labels: [id], token }));
  await accepted.promise;
  return {
    end: () => socket.end(),
    async say(type: number, payload: Record<string, unknown>): Promise<void> {
      let left = frame(type, payload);
      for (;;) {
        left = left.subarray(socket.write(left));
        if (left.length === 0) return;
        await new Promise<void>((resolve) => (drained = resolve));
      }
    },
  };
}

/** Megabytes that so many connected workers without work add to the server. */
export async function idleMemory(site: Site, count: number): Promise<number> {
  const first = await bare(site, "first");
  await Bun.sleep(1_000);
  const before = memoryOf([site.serverPid]).rssMb;
  const workers = await Promise.all(Array.from({ length: count }, (_, index) => bare(site, `idle-${index}`)));
  await Bun.sleep(3_000);
  const added = memoryOf([site.serverPid]).rssMb - before;
  for (const worker of [first, ...workers]) worker.end();
  return added;
}

/** Megabytes a second of a build's output, until the build has ended. */
export async function logStreaming(site: Site, megabytes: number): Promise<number> {
  const asked = Promise.withResolvers<{ build: string; epoch: unknown }>();
  const worker = await bare(site, "talker", (type, payload) => {
    if (type === workerMessageCodes.BUILD_REQUEST)
      asked.resolve({ build: String(payload["build_id"]), epoch: payload["epoch"] });
  });
  await site.api("/api/v1/builds", { target: "talk", on: { labels: ["talker"] } });
  const { build, epoch } = await asked.promise;
  const chunk = new Uint8Array(chunkBytes).fill(0x78);
  const startedMs = performance.now();
  for (let sent = 0; sent < megabytes * 1024 * 1024; sent += chunkBytes)
    await worker.say(workerMessageCodes.BUILD_PROGRESS, { build_id: build, stream: "stdout", chunk });
  await worker.say(workerMessageCodes.BUILD_COMPLETED, { build_id: build, status: "success", epoch });
  for (;;) {
    const { build: shown } = await site.api<{ build: { status: string } }>(`/api/v1/builds/${build}`);
    if (shown.status !== "queued" && shown.status !== "running") break;
    await Bun.sleep(2);
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  worker.end();
  return megabytes / seconds;
}

/** Milliseconds from the kill of the worker that holds a run until another one executes it. Of a server without code of its own. */
export async function reassignment(site: Site, folder: string): Promise<number> {
  const workers = [await site.worker("bun", "held-0", 4), await site.worker("bun", "held-1", 4)];
  const log = join(folder, "held.log");
  const pids = (): number[] => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n").map(Number) : []);
  for (;;) {
    try {
      await site.api("/api/v1/workflows/hold/runs", { input: { log } });
      break;
    } catch (error) {
      if (!String(error).includes("workflow_not_found")) throw error;
    }
  }
  while (pids().length === 0) await Bun.sleep(1);
  workers.find(({ pid }) => pid === pids()[0])?.kill("SIGKILL");
  const killedMs = performance.now();
  while (pids().length === 1) await Bun.sleep(1);
  return performance.now() - killedMs;
}
