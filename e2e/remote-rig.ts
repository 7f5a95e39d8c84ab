// For tests of workers on other machines: servers without code of their own, and workers as the shipped command.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cleanEnv, main, readyLine, startSluice } from "./cli-process.ts";
import type { Running } from "./cli-process.ts";
import { token, writeProject } from "./server-process.ts";

export interface Site {
  readonly running: Running;
  readonly url: string;
  readonly workerPort: number;
}

export interface RemoteWorkerProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<number | string>;
  readonly stderr: () => string;
}

/** How one worker is started. */
export interface WorkerStart {
  readonly id: string;
  readonly project: string;
  /** Where it connects to; the server's TCP listener without it. */
  readonly over?: string;
  readonly more?: readonly string[];
}

export async function api<T>(site: Site, path: string, body?: unknown): Promise<T> {
  const response = await fetch(site.url + path, {
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  return JSON.parse(text) as T;
}

export async function until<T>(look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
}

/** A folder, and the processes that were started in it. */
export class RemoteRig {
  readonly work = mkdtempSync(join(tmpdir(), "sluice-remote-"));
  readonly #started: ChildProcess[] = [];

  close(): void {
    for (const child of this.#started) child.kill("SIGKILL");
    rmSync(this.work, { recursive: true, force: true });
  }

  async up(name: string, more: readonly string[] = []): Promise<Site> {
    const project = join(this.work, name, "empty");
    writeProject(project, { "package.json": "{}" });
    const args = ["up", "--project", project, "--port", "0", "--worker-port", "0", "--json", ...more];
    const running = startSluice(args, { env: { SLUICE_TOKEN: token } });
    const line = await readyLine(running);
    const { workerPort } = line as unknown as { workerPort: number };
    return { running, url: line.url, workerPort };
  }

  /** A worker that may or may not be let in. */
  async start(site: Site, p: WorkerStart): Promise<RemoteWorkerProcess> {
    const file = join(this.work, `${p.id}.token`);
    if (!existsSync(file)) {
      const made = await api<{ token: string }>(site, "/api/v1/tokens", { name: p.id, role: "worker" });
      writeFileSync(file, made.token, { mode: 0o600 });
    }
    const to = p.over ?? `127.0.0.1:${site.workerPort}`;
    const args = [main, "worker", "--connect", to, "--token-file", file, "--id", p.id];
    const state = ["--state", join(this.work, "state", p.id), "--project", p.project, "--labels", "gpu"];
    return this.#run([...args, ...state, "--slots", "4", ...(p.more ?? [])]);
  }

  /** A worker that is there, and so are the workflows that it brings. */
  async worker(site: Site, p: WorkerStart): Promise<RemoteWorkerProcess> {
    const started = await this.start(site, p);
    await until(async () => {
      if (started.child.exitCode !== null) throw new Error(started.stderr());
      const { workers } = await api<{ workers: { id: string }[] }>(site, "/api/v1/workers");
      return workers.some(({ id }) => id === p.id) && started.stderr().includes("connected");
    });
    await until(async () => (await api<{ workflows: unknown[] }>(site, "/api/v1/workflows")).workflows.length > 0);
    return started;
  }

  #run(args: readonly string[]): RemoteWorkerProcess {
    const child = spawn(process.execPath, args, {
      cwd: this.work,
      env: cleanEnv(),
      stdio: ["ignore", "inherit", "pipe"],
    });
    this.#started.push(child);
    let stderr = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-10_000);
    });
    const exited = new Promise<number | string>((resolve) => {
      child.once("exit", (exitCode, signal) => resolve(exitCode ?? signal ?? "unknown"));
    });
    return { child, exited, stderr: () => stderr };
  }
}
