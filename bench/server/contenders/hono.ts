// Hono under Node as a contender: `hono-app.ts` in a process of its own, on the prepared database.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { within } from "../../clock.ts";
import { ended, keepOutput } from "../../processes.ts";
import type { Contender, Prepared } from "../contender.ts";
import { nodeBinary, peers } from "../peers.ts";
import type { AppSetup } from "./hono-app.ts";

const READY_MS_MAX = 20_000;

export async function openHono({ database, jsonColumns }: Prepared): Promise<Contender> {
  const setup: AppSetup = {
    hono: peers.file("hono", "dist", "index.js"),
    nodeServer: peers.entry("@hono/node-server"),
    database,
    jsonColumns,
  };
  const child = spawn(nodeBinary(), [join(import.meta.dir, "hono-app.ts"), JSON.stringify(setup)], {
    env: { ...process.env, NODE_ENV: "production" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = keepOutput(child);
  const line = new Promise<string>((resolve, reject) => {
    if (child.stdout !== null) createInterface({ input: child.stdout }).once("line", resolve);
    void ended(child).then(() => reject(new Error(`Hono ended: ${output()}`)));
  });
  try {
    return { port: Number(await within(READY_MS_MAX, "Hono", line)), child };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}
