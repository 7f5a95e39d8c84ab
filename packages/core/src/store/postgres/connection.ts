// A connection to PostgreSQL whose calls return when they have an answer, for the threads of the store: its verbs are synchronous
// code. A thread beside talks to the server; this one waits for it. What asks for no answer is sent along with what does next.
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from "node:worker_threads";
import type { SQLQueryBindings } from "bun:sqlite";
import type { Connection, Statement } from "../sqlite/connection.ts";
import type { BridgeReply, BridgeRequest, Sent } from "./bridge-thread.ts";
import { translate, type PrimaryKeys, type Translated } from "./dialect.ts";
import { PostgresError } from "./postgres-error.ts";
import { plainRow, sendable } from "./values.ts";

/** Statements that are sent at the latest when there are so many. */
const unsentMax = 1_000;

/** What becomes of a statement whose word is not waited for. */
const unasked = /^(?:BEGIN|SAVEPOINT)\b/;
/** Begins a transaction, whatever is said of it. */
const begins = /^BEGIN\b/;

/** A statement that is sent later, and how many rows it changed once it was. */
interface Unsent {
  readonly sent: Sent;
  changes: number | undefined;
}

export class PostgresConnection implements Connection {
  readonly dialect = "postgres";
  readonly #primaryKeys: PrimaryKeys;
  readonly #thread: Worker;
  readonly #port: MessagePort;
  readonly #answers: Int32Array;
  readonly #statements = new Map<string, PostgresStatement>();
  #answered = 0;
  #unsent: Unsent[] = [];
  #inTransaction = false;
  /** How often an answer was waited for. */
  trips = 0;

  constructor(p: { readonly url: string; readonly primaryKeys: PrimaryKeys; readonly reads?: boolean }) {
    this.#primaryKeys = p.primaryKeys;
    const shared = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    this.#answers = new Int32Array(shared);
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const suffix = import.meta.url.endsWith(".ts") ? "ts" : "js";
    this.#thread = new Worker(new URL(`./bridge-thread.${suffix}`, import.meta.url), {
      workerData: { shared, port: port2, url: p.url, reads: p.reads === true },
      transferList: [port2],
    });
    this.#thread.unref();
    port1.unref();
  }

  get inTransaction(): boolean {
    return this.#inTransaction;
  }

  /** Sends what was put off with this, and waits for the last one's answer. Throws `PostgresError`, of whichever failed first. */
  ask(sent: Sent): readonly unknown[] {
    return this.#send([...this.#taken(), { sent, changes: undefined }]);
  }

  /** To be sent with the next one that is asked. */
  putOff(unsent: Unsent): void {
    this.#unsent.push(unsent);
    if (this.#unsent.length >= unsentMax) this.flush();
  }

  /** Sends what was put off. */
  flush(): void {
    if (this.#unsent.length > 0) this.#send(this.#taken());
  }

  #taken(): readonly Unsent[] {
    const taken = this.#unsent;
    this.#unsent = [];
    return taken;
  }

  #send(all: readonly Unsent[]): readonly unknown[] {
    const { rows, counts } = this.#trip({ statements: all.map(({ sent }) => sent) });
    for (const [index, each] of all.entries()) each.changes = counts[index];
    return rows;
  }

  #trip(request: BridgeRequest): Extract<BridgeReply, { rows: unknown }> {
    this.trips++;
    this.#port.postMessage(request);
    Atomics.wait(this.#answers, 0, this.#answered);
    this.#answered++;
    const reply = receiveMessageOnPort(this.#port)?.message as BridgeReply | undefined;
    if (reply === undefined) throw new Error("the thread that talks to PostgreSQL gave no answer");
    if ("error" in reply) throw new PostgresError(reply.error);
    return reply;
  }

  translated(sql: string): Translated {
    return translate(sql, this.#primaryKeys);
  }

  #statement(sql: string): PostgresStatement {
    let known = this.#statements.get(sql);
    if (known === undefined) this.#statements.set(sql, (known = new PostgresStatement(this, sql)));
    return known;
  }

  compile<Row>(sql: string): Statement<Row> {
    return new PostgresStatement(this, sql) as Statement<Row>;
  }

  kept<Row>(sql: string): Statement<Row> {
    return this.#statement(sql) as Statement<Row>;
  }

  prepare<Row>(sql: string): Statement<Row> {
    return this.compile<Row>(sql);
  }

  rows<Row>(sql: string, ...values: SQLQueryBindings[]): Row[] {
    return this.compile<Row>(sql).all(...values);
  }

  run(sql: string, values: SQLQueryBindings[] = []): void {
    // What is said to SQLite itself.
    if (sql.startsWith("PRAGMA")) return;
    const { text, order } = this.translated(sql);
    const sent = { text, values: order.map((index) => sendable(values[index])) };
    if (unasked.test(text)) {
      this.putOff({ sent, changes: undefined });
      if (begins.test(text)) this.#inTransaction = true;
      return;
    }
    if (text === "ROLLBACK") this.forget();
    else if (text.startsWith("ROLLBACK TO")) this.#forgetVerb();
    this.ask(sent);
    if (text === "COMMIT" || text === "ROLLBACK") this.#inTransaction = false;
  }

  /** Begins with the server anew. Throws `PostgresError` when it is not there. */
  reconnect(): void {
    this.forget();
    this.#trip({ connect: true });
  }

  /** Of a transaction that is taken back nothing has to be sent any more. */
  forget(): void {
    this.#unsent = [];
    this.#inTransaction = false;
  }

  /** What was put off since the last savepoint is taken back with it. */
  #forgetVerb(): void {
    const from = this.#unsent.findLastIndex(({ sent }) => sent.text.startsWith("SAVEPOINT"));
    this.#unsent = from === -1 ? [] : this.#unsent.slice(0, from + 1);
  }

  close(): void {
    this.#trip({ close: true });
    this.#port.close();
    void this.#thread.terminate();
  }
}

class PostgresStatement implements Statement {
  readonly #db: PostgresConnection;
  readonly #sql: string;
  readonly #translated: Translated;

  constructor(db: PostgresConnection, sql: string) {
    this.#db = db;
    this.#sql = sql;
    this.#translated = db.translated(sql);
  }

  #bound(values: readonly SQLQueryBindings[]): Sent {
    const { text, order } = this.#translated;
    return { text, values: order.map((index) => sendable(values[index])) };
  }

  all(...values: SQLQueryBindings[]): unknown[] {
    return this.#db.ask(this.#bound(values)).map(plainRow);
  }

  get(...values: SQLQueryBindings[]): unknown {
    return this.all(...values)[0] ?? null;
  }

  values(...values: SQLQueryBindings[]): unknown[][] {
    return this.all(...values).map((row) => Object.values(row as object));
  }

  iterate(...values: SQLQueryBindings[]): Iterable<unknown> {
    return this.all(...values);
  }

  run(...values: SQLQueryBindings[]): { readonly changes: number } {
    if (this.#sql === "BEGIN IMMEDIATE" || this.#sql === "COMMIT") {
      this.#db.run(this.#sql);
      return { changes: 0 };
    }
    return new Change(this.#db, this.#bound(values));
  }

  finalize(): void {
    // Statements of a connection end with it.
  }
}

/** A change that is sent along with the next question, or at once where somebody wants to know how much it changed. */
class Change {
  readonly #db: PostgresConnection;
  readonly #unsent: Unsent;

  constructor(db: PostgresConnection, sent: Sent) {
    this.#db = db;
    this.#unsent = { sent, changes: undefined };
    db.putOff(this.#unsent);
  }

  get changes(): number {
    if (this.#unsent.changes === undefined) this.#db.flush();
    if (this.#unsent.changes === undefined) throw new Error("a change was taken back before anybody asked for it");
    return this.#unsent.changes;
  }
}
