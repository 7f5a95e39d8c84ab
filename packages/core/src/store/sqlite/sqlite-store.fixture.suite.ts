// Stores on real files for the tests of this adapter, whole or in parts.
import { afterAll, afterEach, beforeEach } from "bun:test";
import type { SluiceError } from "@sluice/protocol";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engineItself } from "../../kernel/inner-actor.ts";
import type { NewRun, StoreOp } from "../../kernel/run-store.ts";
import type { Store } from "../../kernel/store.ts";
import { ada, engine, start, value } from "../run-store.fixture.suite.ts";
import type { Appended } from "./append.ts";
import { SqliteConnection } from "./connection.ts";
import { openWriter, sqliteLimits, type WriterSettings } from "./database.ts";
import { migrate } from "./migrate.ts";
import { openSqliteStore } from "./sqlite-run-store.ts";
import { openTables, type Tables } from "./tables.ts";
import { execute, type WriteParams, type RunWriteVerb } from "./verbs.ts";
import { Writer, type BatchReply } from "./writer.ts";

/** Folders of one test file; they are gone after it. */
export function withFolders(): { next(): string } {
  const root = mkdtempSync(join(tmpdir(), "sluice-store-"));
  let count = 0;
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  return { next: () => mkdtempSync(join(root, `${count++}-`)) };
}

/** Opens an empty store on a file of its own each time. */
export function sqliteStores(): () => Promise<Store> {
  const folders = withFolders();
  return () => openSqliteStore({ file: join(folders.next(), "state.db"), onFatal: unexpected });
}

/** For stores that must not fail. */
export function unexpected(error: SluiceError): void {
  throw error;
}

export function newRun(id: string, more: Partial<NewRun> = {}): NewRun {
  // prettier-ignore
  return { id, workflow: "order", version: "v1", input: value({ id }), priority: 0, tags: [], createdAt: start,
    dueAt: start, ...more };
}

/** The tables of a store in memory on this thread, and the verbs on them, each as if in a commit of its own. */
export class Bench {
  readonly db = new SqliteConnection(":memory:", "create");
  readonly t: Tables;
  now = start;

  constructor() {
    migrate(this.db);
    this.t = openTables(this.db);
  }

  verb<Verb extends RunWriteVerb>(verb: Verb, p: WriteParams<Verb>): unknown {
    const answer = execute(this.t, verb, p);
    this.t.runs.endVerb();
    return answer;
  }

  hot(id: string, more: Partial<NewRun> = {}): void {
    this.verb("createRun", { by: ada, run: newRun(id, more), claim: { owner: engine }, now: this.now });
  }

  append(run: string, ...ops: readonly StoreOp[]): Appended {
    const epoch = this.t.runs.get(run)?.epoch ?? 0;
    const answer = this.verb("append", { by: engineItself, run, epoch, ops, now: this.now }) as Appended | undefined;
    if (answer === undefined) throw new Error("stale");
    return answer;
  }

  /** The first column of a query's first row. */
  one(sql: string): unknown {
    return this.db.query(sql).values()[0]?.[0];
  }

  /** The first column of all rows of a query. */
  column(sql: string): unknown[] {
    return this.db
      .query(sql)
      .values()
      .map(([first]) => first);
  }

  /** Rows changed since the connection was opened. */
  get changes(): number {
    return Number(this.one("SELECT total_changes()"));
  }
}

/** A bench for each test of the group. */
export function withBench(): { readonly on: Bench } {
  let bench: Bench | undefined;
  beforeEach(() => {
    bench = new Bench();
  });
  afterEach(() => bench?.db.close());
  return {
    get on() {
      if (bench === undefined) throw new Error("there is a bench only while a test runs");
      return bench;
    },
  };
}

/** How the database goes about the statements that are compiled meanwhile. */
export function plansOf(db: SqliteConnection, work: () => unknown): readonly string[] {
  const plans: string[] = [];
  const prepare = db.prepare.bind(db);
  const looking: typeof db.prepare = (sql: string) => {
    const plan = prepare<{ detail: string }, []>(`EXPLAIN QUERY PLAN ${sql}`);
    plans.push(...plan.all().map(({ detail }) => detail));
    plan.finalize();
    return prepare(sql);
  };
  db.prepare = looking;
  try {
    work();
  } finally {
    db.prepare = prepare;
  }
  return plans;
}

/** A writer on a file, on this thread. */
export function writerOn(folder: string, more: Partial<WriterSettings> = {}): { db: SqliteConnection; writer: Writer } {
  const settings = { file: join(folder, "state.db"), durability: "full", limits: sqliteLimits, ...more } as const;
  const db = openWriter(settings);
  return { db, writer: new Writer(db, settings) };
}

export function creation(id: string, more: Partial<NewRun> = {}): readonly unknown[] {
  return ["createRun", { by: ada, run: newRun(id, more), claim: { owner: engine }, now: start }];
}

export function appending(run: string, ops: readonly StoreOp[], epoch = 1): readonly unknown[] {
  return ["append", { run, epoch, ops, now: start }];
}

/** The results of a batch that must have been kept. */
export function kept(reply: BatchReply): readonly unknown[] {
  if (reply.failed !== undefined) throw new Error(`the batch was not kept: ${reply.failed.message}`);
  return reply.results;
}
