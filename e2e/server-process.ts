// The shipped command as a child process: started, found, killed and started again by tests.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export const token = "a-token-for-tests-only";
const cli = join(import.meta.dir, "../packages/cli/src/main.ts");

export interface ServerProcess {
  readonly url: string;
  readonly process: ChildProcess;
  /** Resolves with the exit code, or the name of the signal that ended it. */
  readonly exited: Promise<number | string>;
  readonly stderr: () => string;
  /** Where the first user is made, as long as there is none. */
  readonly setUpUrl: string | undefined;
  /** Where workers connect, when a port was asked for. */
  readonly workerPort: number | undefined;
  readonly cacheGrpcPort: number | undefined;
}

/** Writes the files of a project. */
export function writeProject(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** `sluice up` in a process group of its own, once it says that it is ready. */
export async function startServer(p: {
  readonly project: string;
  readonly data: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}): Promise<ServerProcess> {
  const args = [cli, "up", "--project", p.project, "--data", p.data, "--port", "0", "--json", ...(p.args ?? [])];
  const env = { ...process.env, SLUICE_TOKEN: token, ...p.env };
  const child = spawn(process.execPath, args, { env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-20_000);
  });
  const exited = new Promise<number | string>((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? signal ?? "unknown"));
  });
  const line = await Promise.race([firstLine(child), exited]);
  if (line === undefined || typeof line === "number" || !line.startsWith("{"))
    throw new Error(`up ended with ${line}: ${stderr}`);
  const { url, setUpUrl, workerPort, cacheGrpcPort } = JSON.parse(line) as {
    url: string;
    setUpUrl?: string;
    workerPort?: number;
    cacheGrpcPort?: number;
  };
  return { url, process: child, exited, stderr: () => stderr, setUpUrl, workerPort, cacheGrpcPort };
}

async function firstLine(child: ChildProcess): Promise<string> {
  let text = "";
  return new Promise((resolve) => {
    child.stdout?.setEncoding("utf8").on("data", (more: string) => {
      text += more;
      const end = text.indexOf("\n");
      if (end >= 0) resolve(text.slice(0, end));
    });
  });
}

/** SIGKILL to the server and everything it started. */
export async function killAll(server: ServerProcess): Promise<void> {
  try {
    process.kill(-(server.process.pid ?? 0), "SIGKILL");
  } catch (error) {
    if ((error as { code?: string }).code !== "ESRCH") throw error;
  }
  await server.exited;
}

/** Process ids of the workers that execute runs. */
export async function workersOf(server: ServerProcess): Promise<number[]> {
  const shown = await call<{ workers?: readonly { readonly process?: { readonly pid?: number } | null }[] }>(
    server,
    "GET /api/v1/deployments",
  );
  return (shown?.body.workers ?? []).flatMap(({ process: child }) => (child?.pid === undefined ? [] : [child.pid]));
}

/** One turn of the event loop, for loops that wait for a condition. */
export async function aTurn(): Promise<void> {
  await new Promise((resolve) => void setImmediate(resolve));
}

/** A call of the HTTP API (`"GET /health"`); undefined when the server is not there to answer. */
export async function call<T = Record<string, unknown>>(
  server: ServerProcess,
  what: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly body: T } | undefined> {
  const [method = "GET", path = "/"] = what.split(" ");
  const headers = { authorization: `Bearer ${token}` };
  try {
    const response = await fetch(
      server.url + path,
      body === undefined
        ? { method, headers }
        : { method, headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body) },
    );
    return { status: response.status, body: (await response.json()) as T };
  } catch (error) {
    const gone =
      error instanceof TypeError || error instanceof SyntaxError || (error as { code?: string }).code !== undefined;
    if (gone) return undefined;
    throw error;
  }
}
