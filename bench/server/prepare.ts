// What every contender serves: runs that Sluice really ran, a first user, and a token made through the API. Then the same rows
// and the same token as a database for the peer.

import { Database } from "bun:sqlite";
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { HttpClient } from "../http-client.ts";
import { ended } from "../processes.ts";
import { startSluice } from "../sluice.ts";
import { LISTED, type Prepared } from "./contender.ts";
import { PROJECT } from "./contenders/sluice.ts";

const CALLERS = 64;
const PAGE = 200;
const DAY_MS = 86_400_000;

type Run = Readonly<Record<string, unknown>> & { readonly id: string };

/** Makes `count` runs below a folder that is empty. */
export async function prepare(base: string, count: number): Promise<Prepared> {
  const folder = join(base, "prepared");
  const bootstrap = randomBytes(24).toString("hex");
  const { child, port } = await startSluice({ project: PROJECT, folder, args: [], env: { SLUICE_TOKEN: bootstrap } });
  const clientOf = (token: string): HttpClient =>
    new HttpClient({ port, connectionsMax: CALLERS, headers: { authorization: `Bearer ${token}` } });
  try {
    const first = clientOf(bootstrap);
    await makeRuns(first, count);
    const token = await makeToken(first, clientOf);
    const runs = await readRuns(clientOf(token));
    if (runs.length !== count) throw new Error(`${count} runs were made and ${runs.length} are listed`);
    const database = join(base, "peer.db");
    const jsonColumns = writeDatabase(database, runs, token);
    const run = runs[Math.floor(count / 2)];
    if (run === undefined) throw new Error("There is no run to ask for");
    return { folder, database, jsonColumns, token, newest: runs.slice(0, LISTED), run };
  } finally {
    child.kill("SIGTERM");
    await ended(child);
  }
}

/** Runs of three steps that have ended. */
async function makeRuns(client: HttpClient, count: number): Promise<void> {
  let made = 0;
  const caller = async (): Promise<void> => {
    while (made < count) {
      made += 1;
      const input = { key: `order-${made}`, count: made };
      const path = "/api/v1/workflows/steps3/runs?wait=60s";
      await client.json("POST", path, { input, tags: ["bench", `batch-${made % 10}`] });
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
}

/** The first user, signed in as a program, makes a token that may look. */
async function makeToken(first: HttpClient, clientOf: (token: string) => HttpClient): Promise<string> {
  const name = "ada";
  const password = randomBytes(16).toString("hex");
  await first.json("POST", "/api/v1/users", { name, password, roles: ["admin"] });
  const login = await first.json("POST", "/api/v1/auth/login", { name, password, kind: "program" });
  const { accessToken } = login as { readonly accessToken: string };
  const made = await clientOf(accessToken).json("POST", "/api/v1/tokens", { name: "bench", role: "viewer" });
  return (made as { readonly token: string }).token;
}

async function readRuns(client: HttpClient): Promise<readonly Run[]> {
  const runs: Run[] = [];
  let cursor: string | null = null;
  do {
    const after: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page = (await client.json("GET", `/api/v1/runs?limit=${PAGE}${after}`)) as {
      readonly runs: readonly Run[];
      readonly nextCursor: string | null;
    };
    runs.push(...page.runs);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return runs;
}

/** A column for each field of a run; the names of those that hold JSON. */
function writeDatabase(path: string, runs: readonly Run[], token: string): readonly string[] {
  const columns = Object.keys(runs[0] ?? {});
  const isJson = (value: unknown): boolean => typeof value === "object" && value !== null;
  const jsonColumns = columns.filter(
    (column) => ["input", "output", "error", "progress"].includes(column) || runs.some((run) => isJson(run[column])),
  );
  const database = new Database(path, { create: true, strict: true });
  try {
    database.run("PRAGMA journal_mode = WAL");
    const typed = columns.map((column) => `"${column}"${column === "id" ? " TEXT PRIMARY KEY" : ""}`);
    database.run(`CREATE TABLE runs (${typed.join(", ")})`);
    database.run("CREATE INDEX runs_newest ON runs (createdAt DESC, id DESC)");
    database.run("CREATE TABLE tokens (hash BLOB PRIMARY KEY, expires_at INTEGER NOT NULL) WITHOUT ROWID");
    const insert = database.prepare(`INSERT INTO runs VALUES (${columns.map(() => "?").join(", ")})`);
    database.transaction(() => {
      for (const run of runs) {
        const values = columns.map((column) => {
          const value = run[column] ?? null;
          return jsonColumns.includes(column) && value !== null
            ? JSON.stringify(value)
            : (value as string | number | null);
        });
        insert.run(...values);
      }
      const hash = createHash("sha256").update(token).digest();
      database.prepare("INSERT INTO tokens VALUES (?, ?)").run(hash, Date.now() + DAY_MS);
    })();
  } finally {
    database.close();
  }
  return jsonColumns;
}
