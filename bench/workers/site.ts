// A server and its workers as processes: the server is the command as it is shipped, a worker the program of the package.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { within } from "../clock.ts";
import { PeerFolder } from "../peer-folder.ts";
import { ended, keepOutput } from "../processes.ts";
import { pythonProgram } from "./python.ts";

export const token = "a-token-for-the-benchmark";
const root = join(import.meta.dir, "../..");
const readyMsMax = 20_000;

export type Runtime = "bun" | "node" | "deno" | "python";

export const denoFolder = new PeerFolder({
  folder: join(root, "bench/.peers/deno"),
  manifest: { private: true, dependencies: { deno: "2.9.6" } },
});

/** Program and code of a worker as JavaScript that every runtime takes, sharing the SDK between them. */
export async function buildWorker(folder: string): Promise<void> {
  const built = await Bun.build({
    entrypoints: [join(root, "packages/cli/src/sluice-worker.ts"), join(import.meta.dir, "code.ts")],
    outdir: folder,
    target: "node",
    format: "esm",
    splitting: true,
    naming: { entry: "[name].js", chunk: "chunk-[hash].js" },
  });
  if (!built.success) throw new Error(built.logs.map((log) => log.message).join("\n"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(
    join(folder, "start.js"),
    'import { sluiceWorker } from "./sluice-worker.js";\nprocess.exit(await sluiceWorker(process.argv.slice(2)));\n',
  );
}

/** Children that end with the benchmark. */
export class Site {
  readonly #folder: string;
  readonly #worker: string;
  readonly #children: ChildProcess[] = [];
  url = "";
  workerPort = 0;
  serverPid = 0;

  constructor(p: { readonly folder: string; readonly worker: string }) {
    this.#folder = p.folder;
    this.#worker = p.worker;
  }

  async up(project: string): Promise<void> {
    mkdirSync(project, { recursive: true });
    const main = join(root, "packages/cli/src/main.ts");
    const data = join(this.#folder, "data");
    const args = [main, "up", "--project", project, "--data", data, "--port", "0", "--worker-port", "0", "--json"];
    const child = this.#start(process.execPath, args);
    const output = keepOutput(child);
    const line = new Promise<string>((resolve, reject) => {
      if (child.stdout !== null) createInterface({ input: child.stdout }).once("line", resolve);
      void ended(child).then(() => reject(new Error(`sluice up ended: ${output()}`)));
    });
    const ready = JSON.parse(await within(readyMsMax, "sluice up", line)) as { url: string; workerPort: number };
    this.url = ready.url;
    this.workerPort = ready.workerPort;
    this.serverPid = child.pid ?? 0;
  }

  /** A worker with the label of its name, once the server lists it. */
  async worker(runtime: Runtime, id: string, slots: number): Promise<ChildProcess> {
    const file = join(this.#folder, "token");
    writeFileSync(file, token, { mode: 0o600 });
    if (runtime === "python") return this.#listed(id, this.#python(id, slots, file));
    const [program, ...before] =
      runtime === "deno"
        ? [denoFolder.file(".bin/deno"), "run", "-A"]
        : [runtime === "bun" ? process.execPath : "node"];
    const to = [
      "--connect",
      `127.0.0.1:${this.workerPort}`,
      "--token-file",
      file,
      "--id",
      id,
      "--slots",
      String(slots),
    ];
    const what = ["--code", join(this.#worker, "code.js"), "--state", join(this.#folder, id), "--labels", id];
    return this.#listed(
      id,
      this.#start(program ?? "node", [...before, join(this.#worker, "start.js"), ...to, ...what]),
    );
  }

  #python(id: string, slots: number, file: string): ChildProcess {
    const args = ["--app", join(import.meta.dir, "noop_worker.py"), "--connect", `127.0.0.1:${this.workerPort}`];
    const more = { WORKER_ID: id, WORKER_SLOTS: String(slots), WORKER_TOKEN: file, PYTHONDONTWRITEBYTECODE: "1" };
    return this.#start(pythonProgram("sluice-worker"), args, more);
  }

  async #listed(id: string, child: ChildProcess): Promise<ChildProcess> {
    const output = keepOutput(child);
    for (const untilMs = performance.now() + readyMsMax; ;) {
      const { workers } = await this.api<{ workers: { id: string }[] }>("/api/v1/workers");
      if (workers.some((each) => each.id === id)) return child;
      if (child.exitCode !== null || performance.now() > untilMs) throw new Error(`no worker ${id}: ${output()}`);
      await Bun.sleep(20);
    }
  }

  #start(program: string, args: readonly string[], more: Readonly<Record<string, string>> = {}): ChildProcess {
    const env = { ...process.env, SLUICE_TOKEN: token, ...more };
    const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    this.#children.push(child);
    return child;
  }

  async api<T>(path: string, body?: unknown): Promise<T> {
    const answer = await fetch(this.url + path, {
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return JSON.parse(text) as T;
  }

  /** What a run of this workflow returns. */
  async run<T>(workflow: string, input: unknown): Promise<T> {
    type Shown = { run: { id: string; status: string; output: T } };
    const { run } = await this.api<Shown>(`/api/v1/workflows/${workflow}/runs`, { input });
    for (;;) {
      const shown = (await this.api<Shown>(`/api/v1/runs/${run.id}?wait=20s`)).run;
      if (shown.status === "completed") return shown.output;
      if (shown.status === "failed") throw new Error(`${workflow} failed`);
    }
  }

  async stop(): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    await Promise.all(this.#children.map((child) => ended(child)));
  }
}
