// What the tests of restoring have in common: a project whose runs wait in every way, servers over it, and backups of them.
import { afterAll, beforeAll, expect } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sluice } from "./cli-process.ts";
import { aTurn, call, killAll, startServer, token, writeProject } from "./server-process.ts";
import type { ServerProcess } from "./server-process.ts";

export const workflows = `
import { appendFileSync, existsSync } from "node:fs";
import { workflow } from "sluice";

export const double = workflow({ name: "double" }, async (ctx, n: number) => await ctx.step("double", () => n * 2));

export const echo = workflow({ name: "echo" }, async (ctx, text: string) => await ctx.step("same", () => text));

/** Waits for an event between two steps. */
export const waits = workflow({ name: "waits" }, async (ctx) => {
  const before = await ctx.step("before", () => crypto.randomUUID());
  const got = await ctx.waitFor<string>("go");
  return { before, got };
});

/** Says that it has begun, and waits for a file. */
export const gated = workflow({ name: "gated" }, async (ctx, input: { begun: string; gate: string }) =>
  await ctx.step("gate", async () => {
    appendFileSync(input.begun, process.pid + "\\n");
    while (!existsSync(input.gate)) await new Promise((resolve) => setTimeout(resolve, 5));
    return process.pid;
  }),
);
`;

export const restoreBytesMax = 50_000_000;

export interface Shown {
  readonly id: string;
  readonly status: string;
  readonly input: unknown;
  readonly output: unknown;
}

export interface Rig {
  /** Folder for everything; gone after the tests. */
  readonly work: string;
  readonly project: string;
  /** A server over a data folder, killed after the tests. */
  readonly start: (data: string, project?: string) => Promise<ServerProcess>;
  /** Path of a new backup, made with the command. */
  readonly backup: (server: ServerProcess, name: string) => Promise<string>;
}

/** A rig for one test file. */
export function restoreRig(name: string): Rig {
  const work = mkdtempSync(join(tmpdir(), `sluice-${name}-`));
  const project = join(work, "project");
  const servers: ServerProcess[] = [];
  beforeAll(() => writeProject(project, { "workflows/all.ts": workflows }));
  afterAll(async () => {
    for (const server of servers) await killAll(server);
    rmSync(work, { recursive: true, force: true });
  });
  return {
    work,
    project,
    start: async (data, of = project) => {
      const limits = ["drainMs=300", `restoreBytesMax=${restoreBytesMax}`].flatMap((limit) => ["--limit", limit]);
      const server = await startServer({ project: of, data, args: limits });
      servers.push(server);
      return server;
    },
    backup: async (server, file) => {
      const path = join(work, file);
      const made = await sluice(["backup", path, ...commandFor(server)]);
      expect([made.exitCode, made.stderr]).toEqual([0, ""]);
      return path;
    },
  };
}

/** Options with which a command reaches a server. */
export function commandFor({ url }: Pick<ServerProcess, "url">): string[] {
  return ["--url", url, "--token", token, "--json"];
}

export function sendBackup(
  { url }: ServerProcess,
  body: Uint8Array | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${url}/api/v1/restore`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/x-tar", ...headers },
    body: body as Uint8Array<ArrayBuffer>,
  });
}

/** Starts a run and, unless told otherwise, waits for its end. */
export async function run(
  server: ServerProcess,
  [workflow, input]: readonly [workflow: string, input: unknown],
  wait = "?wait=20s",
): Promise<Shown> {
  const started = await call<{ run: Shown }>(server, `POST /api/v1/workflows/${workflow}/runs${wait}`, { input });
  if (started?.body.run === undefined) throw new Error(JSON.stringify(started));
  return started.body.run;
}

export async function show(server: ServerProcess, id: string): Promise<Shown | undefined> {
  return (await call<{ run?: Shown }>(server, `GET /api/v1/runs/${id}`))?.body.run;
}

export async function until(what: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await what())) await aTurn();
}

export async function hasStatus(server: ServerProcess, id: string, status: string): Promise<void> {
  await until(async () => (await show(server, id))?.status === status);
}

export async function runIds(server: ServerProcess): Promise<string[]> {
  const listed = await call<{ runs: Shown[] }>(server, "GET /api/v1/runs?limit=200");
  return (listed?.body.runs ?? []).map(({ id }) => id).toSorted();
}

export function linesOf(path: string): string[] {
  return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
}
