// Reads on the engine's own thread, which must not wait for a network: a read that misses an answer is left, the answer is asked
// for, and the read begins anew with it. Reads change nothing, so they may be begun as often as they have questions.
import type { SQLQueryBindings } from "bun:sqlite";
import type { Connection, Statement } from "../sqlite/connection.ts";
import type { Sent } from "./bridge-thread.ts";
import { translate, type PrimaryKeys } from "./dialect.ts";
import { plainRow, sendable } from "./values.ts";

/** Questions of one read; more is a mistake. */
const questionsMax = 1_000;

/** A question without an answer yet. */
class Unanswered extends Error {
  readonly key: string;
  readonly sent: Sent;

  constructor(key: string, sent: Sent) {
    super("the answer is not there yet");
    this.key = key;
    this.sent = sent;
  }
}

type Answers = ReadonlyMap<string, readonly unknown[]>;
const noAnswers: Answers = new Map();

export class SuspendedConnection implements Connection {
  readonly dialect = "postgres";
  readonly inTransaction = false;
  readonly #primaryKeys: PrimaryKeys;
  readonly #query: (sent: Sent) => Promise<readonly unknown[]>;
  #answers = noAnswers;

  constructor(p: { readonly primaryKeys: PrimaryKeys; readonly query: (sent: Sent) => Promise<readonly unknown[]> }) {
    this.#primaryKeys = p.primaryKeys;
    this.#query = p.query;
  }

  /** What a read comes to; it is begun once more for each question it has. */
  async look<T>(read: (db: Connection) => T): Promise<T> {
    const answers = new Map<string, readonly unknown[]>();
    for (let questions = 0; questions < questionsMax; questions++) {
      try {
        this.#answers = answers;
        return read(this);
      } catch (thrown) {
        if (!(thrown instanceof Unanswered)) throw thrown;
        this.#answers = noAnswers;
        answers.set(thrown.key, await this.#query(thrown.sent));
      } finally {
        this.#answers = noAnswers;
      }
    }
    throw new Error(`a read has more than ${questionsMax} questions`);
  }

  /** The rows of a statement, where they have been asked for. */
  rowsOf(sent: Sent): unknown[] {
    const key = JSON.stringify([sent.text, sent.values], (_name, value: unknown) =>
      value instanceof Uint8Array ? { bytes: value.toHex() } : value,
    );
    const rows = this.#answers.get(key);
    if (rows === undefined) throw new Unanswered(key, sent);
    return rows.map(plainRow);
  }

  compile<Row>(sql: string): Statement<Row> {
    const { text, order } = translate(sql, this.#primaryKeys);
    const all = (...values: SQLQueryBindings[]): unknown[] =>
      this.rowsOf({ text, values: order.map((index) => sendable(values[index])) });
    const statement: Statement = {
      all,
      get: (...values) => all(...values)[0] ?? null,
      values: (...values) => all(...values).map((row) => Object.values(row as object)),
      iterate: all,
      run: readsOnly,
      finalize: () => undefined,
    };
    return statement as Statement<Row>;
  }

  kept<Row>(sql: string): Statement<Row> {
    return this.compile(sql);
  }

  prepare<Row>(sql: string): Statement<Row> {
    return this.compile(sql);
  }

  rows<Row>(sql: string, ...values: SQLQueryBindings[]): Row[] {
    return this.compile<Row>(sql).all(...values);
  }

  run(): never {
    return readsOnly();
  }

  close(): void {
    // The connections behind it are its owner's.
  }
}

function readsOnly(): never {
  throw new Error("a connection for reads was asked for a change");
}
