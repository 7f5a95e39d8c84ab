// Python for the benchmark: an environment of its own with this repository's worker and the peer, Celery, at pinned versions.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ended, keepOutput } from "../processes.ts";
import { MissingPeer } from "./missing-peer.ts";
import { withRedis } from "./redis.ts";

const folder = join(import.meta.dir, "../.peers/python");
const sources = join(import.meta.dir, "../../workers/python");
const pinned = ["celery[redis]==5.7.0", "msgpack==1.2.4", "flit_core==4.2.0"];

/** A program of the environment. */
export const pythonProgram = (name: string): string => join(folder, "bin", name);

/** Makes the environment where it is missing, and installs the worker as it is now. Throws `MissingPeer`. */
export function installPython(): void {
  const list = `${pinned.join("\n")}\n`;
  const ready = join(folder, "installed");
  if (!existsSync(ready) || readFileSync(ready, "utf8") !== list) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    process.stderr.write("Installing Python's packages with pip …\n");
    demand("python3", ["-m", "venv", folder], "apt-get install python3 python3-venv");
    demand(pythonProgram("pip"), ["install", "--quiet", ...pinned], `pip install ${pinned.join(" ")}`);
    writeFileSync(ready, list);
  }
  const again = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--force-reinstall", sources];
  demand(pythonProgram("pip"), again, "pip install workers/python");
}

function demand(program: string, args: readonly string[], command: string): void {
  const { status, error, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new MissingPeer(error?.message ?? stderr.trim().slice(-500), command);
}

/** Celery: a task after the other, and many under way with four processes, each awaited to its result. */
export async function celery(
  data: string,
  p: { readonly warmup: number; readonly trips: number; readonly tasks: number },
): Promise<{ readonly tripMs: number; readonly perSecond: number }> {
  installPython();
  return withRedis(data, async (port) => {
    const env = { ...process.env, REDIS_PORT: String(port), PYTHONDONTWRITEBYTECODE: "1" };
    const options = { cwd: import.meta.dir, env, stdio: ["ignore", "pipe", "pipe"] as ["ignore", "pipe", "pipe"] };
    const worker = ["-A", "celery_noop", "worker", "--concurrency", "4", "--loglevel", "error"];
    const children: ChildProcess[] = [spawn(pythonProgram("celery"), worker, { ...options, detached: true })];
    try {
      const load = spawn(pythonProgram("python"), ["celery_noop.py", JSON.stringify(p)], options);
      children.push(load);
      const output = keepOutput(load);
      let text = "";
      load.stdout.setEncoding("utf8").on("data", (more: string) => (text += more));
      await ended(load);
      if (load.exitCode !== 0) throw new Error(`Celery: ${output()}`);
      return JSON.parse(text) as { tripMs: number; perSecond: number };
    } finally {
      for (const child of children) endGroup(child);
      await Promise.all(children.map((child) => ended(child)));
    }
  });
}

/** Celery's worker has processes of its own. */
function endGroup(child: ChildProcess): void {
  if (child.exitCode !== null || child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL"); // It leads no group.
  }
}
