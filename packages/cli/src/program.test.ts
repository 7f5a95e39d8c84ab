// Every command stands in the table that says which routes it calls, and calls no other.
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { commandRoutes, routes } from "@sluice/protocol/http";
import type { RouteName, RouteSpec } from "@sluice/protocol/http";
import type { Io } from "./io.ts";
import { makeProgram } from "./program.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-program-"));
const called: string[] = [];
let server: Bun.Server<undefined>;

beforeAll(() => {
  writeFileSync(join(folder, "backup.tar"), "x");
  writeFileSync(join(folder, "app.log"), "x\n");
  writeOldDatabase(join(folder, "old.db"));
  writeFileSync(join(folder, "runs.json"), '{"format":"sluice-run"}');
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      const name = routeOf(request);
      called.push(name);
      if (name !== "watchRun" && name !== "streamRun") return Response.json(answer);
      return new Response('event: end\ndata: {"status":"completed"}\n\n', {
        headers: { "content-type": "text/event-stream" },
      });
    },
  });
});
afterAll(async () => {
  await server.stop(true);
  rmSync(folder, { recursive: true, force: true });
});

/** A database of cronflow with a run that has ended. */
function writeOldDatabase(file: string): void {
  const database = new Database(file);
  database.run("CREATE TABLE workflows (id TEXT, name TEXT, description TEXT, definition TEXT)");
  database.run("CREATE TABLE triggers (workflow_id TEXT, trigger_type TEXT, config TEXT)");
  database.run("CREATE TABLE step_results (run_id TEXT, step_id TEXT, status TEXT)");
  database.run("CREATE TABLE workflow_runs (id TEXT, workflow_id TEXT, status TEXT, payload TEXT)");
  database.run("INSERT INTO workflow_runs VALUES ('r1', 'a', 'Completed', '{}')");
  database.close();
}

/** Something of everything that commands look for. */
const run = { id: "run_1", workflow: "a", status: "completed", tags: [], createdAt: 1, startedAt: 1, endedAt: 2 };
const answer = {
  run,
  runs: [run],
  steps: [],
  logs: [],
  next: null,
  nextCursor: null,
  approvals: [],
  schedules: [],
  entries: [],
  events: [],
  users: [],
  tokens: [],
  secrets: [],
  services: [],
  breakers: [],
  records: [],
  days: [],
  faults: [],
  problems: [],
  warnings: [],
  ok: true,
  ready: true,
  current: { version: "v", error: null },
  versions: [],
  workers: [],
};

function routeOf(request: Request): string {
  const { pathname } = new URL(request.url);
  const segments = pathname.split("/");
  const found = (Object.entries(routes) as [RouteName, RouteSpec][]).find(([, { methods, path }]) => {
    const pattern = path.split("/");
    return (
      methods.some((method) => method === request.method) &&
      pattern.length === segments.length &&
      pattern.every((part, index) => part === segments[index] || part.startsWith(":"))
    );
  });
  return found?.[0] ?? `${request.method} ${pathname}`;
}

const io = (): Io => ({
  env: {},
  cwd: folder,
  print: () => undefined,
  complain: () => undefined,
  stdout: { isTTY: false, columns: 80, write: () => undefined },
  readStdin: () => Promise.resolve("correct horse battery\n"),
});

/** The commands that do something, by the words one types. */
function leaves(command: Command, words: readonly string[] = []): Map<string, Command> {
  const found = new Map<string, Command>();
  for (const child of command.commands) {
    const name = [...words, child.name()];
    if (child.commands.length === 0) found.set(name.join(" "), child);
    else for (const [text, leaf] of leaves(child, name)) found.set(text, leaf);
  }
  return found;
}

const commands = leaves(makeProgram(io()));
/** What has to be said beside the names of things. */
const more: Readonly<Record<string, readonly string[]>> = {
  run: ["--watch"],
  "term open": ["--detach"],
  "migrate cronflow": ["--import"],
  "runs bulk": ["--all", "--dry-run"],
  "cluster add": ["--in-cluster"],
  "cluster failover plan": ["--to", "b"],
  "cluster drill": ["--to", "b"],
  "cluster mesh upgrade": ["--from", "a", "--to", "b"],
  "step-cache clear": ["--all"],
  "keys erase": ["--yes"],
  "user create": ["--admin"],
  "token create": ["--name", "t", "--role", "viewer"],
  "logs delete": ["--yes"],
  "logs tail": ["--for", "50ms"],
};
const values: Readonly<Record<string, string>> = { file: "new.tar", json: "1", scope: "global", action: "cancel" };

test("every command is in the table, and the table names no other", () => {
  expect(Object.keys(commandRoutes).toSorted()).toEqual([...commands.keys()].toSorted());
});

test("every command says what it does, has an example, and knows --json", () => {
  for (const [name, command] of commands) {
    let help = "";
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    const example = help.includes(`Example:\n  sluice ${name}`);
    expect([name, command.description() !== "", example, help.includes("--json")]).toEqual([name, true, true, true]);
  }
});

describe("a command calls the routes that the table names", () => {
  // One that stands until it is stopped calls for those who come to it.
  const standing = new Set(["term serve"]);
  const online = Object.entries<readonly RouteName[]>(commandRoutes).filter(
    ([name, names]) => names.length > 0 && !standing.has(name),
  );
  test.each(online)("%s", async (name, names) => {
    called.length = 0;
    const args = (commands.get(name)?.registeredArguments ?? []).map((each) => values[each.name()] ?? "x");
    // A backup to restore is there, and a run to import; files to write must not be.
    const files: Readonly<Record<string, readonly string[]>> = {
      restore: ["backup.tar"],
      "cluster mesh canary": ["main", "runs.json"],
      "runs import": ["runs.json"],
      "migrate cronflow": ["old.db"],
      "audit export": ["new.jsonl"],
      "logs ship": [join(folder, "app.log")],
    };
    const file = files[name] ?? args;
    const url = ["--url", `http://127.0.0.1:${server.port}`, "--token", "t", "--json"];
    const program = makeProgram(io());
    try {
      await program.parseAsync(["bun", "sluice", ...name.split(" "), ...file, ...(more[name] ?? []), ...url]);
    } catch (error) {
      // What it makes of an answer that fits nothing in particular is not the point here.
      if (called.length === 0) throw error;
    }
    expect(called.length).toBeGreaterThan(0);
    expect(called.filter((each) => !names.includes(each as RouteName))).toEqual([]);
  });
});
