// The peer: BullMQ's worker and queue on Debian's redis-server, in processes of their own.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { PeerFolder } from "../peer-folder.ts";
import { ended } from "../processes.ts";
import { withRedis } from "./redis.ts";

const peers = join(import.meta.dir, "../.peers/bullmq");
const folder = new PeerFolder({
  folder: peers,
  manifest: { private: true, type: "module", dependencies: { bullmq: "5.61.0" } },
});

interface Measured {
  readonly tripMs: number;
  readonly perSecond: number;
}

export async function bullmq(
  data: string,
  p: { readonly warmup: number; readonly trips: number; readonly tasks: number },
): Promise<Measured> {
  folder.install((line) => process.stderr.write(`${line}\n`));
  return withRedis(data, (port) => jobs(port, p));
}

async function jobs(port: number, p: object): Promise<Measured> {
  const children: ChildProcess[] = [];
  try {
    const script = join(import.meta.dir, "bullmq-process.mjs");
    const env = { ...process.env, BULLMQ: folder.entry("bullmq"), REDIS_PORT: String(port) };
    for (let worker = 0; worker < 4; worker++)
      children.push(spawn(process.execPath, [script, "worker"], { stdio: "ignore", env }));
    const load = spawn(process.execPath, [script, "load", JSON.stringify(p)], {
      stdio: ["ignore", "pipe", "inherit"],
      env,
    });
    children.push(load);
    let text = "";
    load.stdout?.setEncoding("utf8").on("data", (more: string) => (text += more));
    await ended(load);
    return JSON.parse(text) as Measured;
  } finally {
    for (const child of children) child.kill("SIGKILL");
    await Promise.all(children.map((child) => ended(child)));
  }
}
