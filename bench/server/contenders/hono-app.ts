// The three routes as one would write them with Hono and SQLite. Run by Node, not by Bun.

import { createHash } from "node:crypto";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";

/** The only argument, as JSON: files of the installed packages, and the database. */
export interface AppSetup {
  readonly hono: string;
  readonly nodeServer: string;
  readonly database: string;
  readonly jsonColumns: readonly string[];
}

/** The part of Hono that is used here: it is installed by the benchmark, where no compiler looks. */
interface Context {
  readonly req: {
    header(name: string): string | undefined;
    query(name: string): string | undefined;
    param(name: string): string;
  };
  json(value: unknown, status?: number): Response;
}
interface HonoApp {
  readonly fetch: (request: Request) => Response | Promise<Response>;
  use(path: string, handler: (context: Context, next: () => Promise<void>) => Promise<Response | undefined>): void;
  get(path: string, handler: (context: Context) => Response): void;
}
interface NodeServer {
  readonly serve: (
    options: { readonly fetch: HonoApp["fetch"]; readonly port: number; readonly hostname: string },
    listening: (info: { readonly port: number }) => void,
  ) => void;
}

type Row = Record<string, SQLOutputValue>;

const PAGE_DEFAULT = 50;
const PAGE_MAX = 200;

const setup = JSON.parse(process.argv[2] ?? "") as AppSetup;
const { Hono } = (await import(setup.hono)) as { Hono: new () => HonoApp };
const { serve } = (await import(setup.nodeServer)) as NodeServer;

const database = new DatabaseSync(setup.database);
const findToken = database.prepare("SELECT expires_at FROM tokens WHERE hash = ?");
const newestRuns = database.prepare("SELECT * FROM runs ORDER BY createdAt DESC, id DESC LIMIT ?");
const olderRuns = database.prepare(
  "SELECT * FROM runs WHERE (createdAt, id) < (?, ?) ORDER BY createdAt DESC, id DESC LIMIT ?",
);
const oneRun = database.prepare("SELECT * FROM runs WHERE id = ?");
const startedAt = Date.now();

const app = new Hono();
app.use("/api/*", async (context, next) => {
  const token = /^Bearer (.+)$/i.exec(context.req.header("authorization") ?? "")?.[1];
  const row = token === undefined ? undefined : findToken.get(createHash("sha256").update(token).digest());
  if (row === undefined || Number(row["expires_at"]) <= Date.now()) return failure(context, "unauthorized", 401);
  await next();
  return undefined;
});
app.get("/health", (context) => {
  const { rss, heapUsed } = process.memoryUsage();
  const memory = { rssBytes: rss, heapUsedBytes: heapUsed };
  return context.json({ status: "ok", version: "1", uptimeMs: Date.now() - startedAt, memory });
});
app.get("/api/v1/runs", (context) => {
  const limit = Number(context.req.query("limit") ?? PAGE_DEFAULT);
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_MAX) return failure(context, "invalid_request", 400);
  const cursor = context.req.query("cursor");
  const rows = cursor === undefined ? newestRuns.all(limit + 1) : olderRuns.all(...placeOf(cursor), limit + 1);
  const runs = rows.slice(0, limit).map(shown);
  return context.json({ runs, nextCursor: rows.length > limit ? cursorOf(runs.at(-1)) : null });
});
app.get("/api/v1/runs/:id", (context) => {
  const row = oneRun.get(context.req.param("id"));
  return row === undefined ? failure(context, "run_not_found", 404) : context.json({ run: shown(row) });
});

function failure(context: Context, code: string, status: number): Response {
  return context.json({ error: { code, message: code } }, status);
}

function shown(row: Row): Record<string, unknown> {
  const run: Record<string, unknown> = { ...row };
  for (const column of setup.jsonColumns) {
    const text = row[column];
    run[column] = typeof text === "string" ? (JSON.parse(text) as unknown) : null;
  }
  return run;
}

function cursorOf(run: Record<string, unknown> | undefined): string {
  return Buffer.from(JSON.stringify([run?.["createdAt"], run?.["id"]])).toString("base64url");
}

function placeOf(cursor: string): [number, string] {
  return JSON.parse(Buffer.from(cursor, "base64url").toString()) as [number, string];
}

serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => {
  process.stdout.write(`${port}\n`);
});
