// What `ctx.transaction` works on: a database of the user's own, in which an effect and the checkpoint of its step commit together.
import type { StepContext, StepOptions } from "./context.ts";
import type { Service } from "./service.ts";

/** Under this key the actions of a service hold the database that `ctx.transaction` may use. */
export const database: unique symbol = Symbol.for("sluice.database") as never;

/** A compiled statement. */
interface SqliteStatement {
  /** The first row. */
  readonly get: (...params: never[]) => unknown;
  /** Executes it for its effect. */
  readonly run: (...params: never[]) => unknown;
}

/** A connection to SQLite: `Database` of `bun:sqlite` and better-sqlite3, `DatabaseSync` of `node:sqlite`. */
export interface SqliteDatabase {
  /** Compiles a statement. */
  prepare(sql: string): SqliteStatement;
  /** Executes statements without parameters. */
  exec(sql: string): unknown;
}

/** Connections to PostgreSQL: `SQL` of Bun, or what the package `postgres` makes. */
export interface PostgresDatabase {
  /** Runs a function in a transaction. */
  begin(body: (tx: never) => Promise<unknown>): Promise<unknown>;
  /** Executes a statement with parameters. */
  unsafe(sql: string, params?: never): PromiseLike<unknown>;
}

/** A database, or a service that has one. */
export type TransactionTarget =
  | SqliteDatabase
  | PostgresDatabase
  | Service<{ readonly [database]: SqliteDatabase | PostgresDatabase }>;

/** What the function of a transaction is given: the connection it has to use. */
export type TransactionOf<Db> =
  Db extends Service<infer A> ? (A extends { readonly [database]: infer D } ? D : never) : Db;

export interface TransactionOptions<T> extends StepOptions<T> {
  /** Name of the step; `transaction` without one. */
  readonly name?: string;
}

/** The type of `ctx.transaction`. */
export type Transact = <Db extends TransactionTarget, T>(
  db: Db,
  run: (tx: TransactionOf<Db>, step: StepContext) => T | Promise<T>,
  options?: TransactionOptions<T>,
) => Promise<T>;
