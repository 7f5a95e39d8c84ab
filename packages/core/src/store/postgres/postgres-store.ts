// The ports on PostgreSQL: the store's own tables and threads, over connections to a server.
import type { SluiceError } from "@sluice/protocol";
import type { Store } from "../../kernel/store.ts";
import { sqliteLimits, type SqliteLimits } from "../sqlite/database.ts";
import { ReaderClient } from "../sqlite/reader-client.ts";
import { SqliteRunStore, type Looker } from "../sqlite/sqlite-run-store.ts";
import { closedError } from "../sqlite/start-thread.ts";
import { WriterClient } from "../sqlite/writer-client.ts";
import type { Connection } from "../sqlite/connection.ts";
import { failureOf, fromWire, isLost } from "../sqlite/failures.ts";
import { PostgresError } from "./postgres-error.ts";
import { primaryKeys } from "./schema.ts";
import { SuspendedConnection } from "./suspended-connection.ts";

/** Connections for reads of a row or a few. */
const lookConnectionsMax = 4;

export interface PostgresStoreSettings {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  readonly limits?: Partial<SqliteLimits> | undefined;
  /** Called once when nothing can be acknowledged any more; the process should end. */
  readonly onFatal: (error: SluiceError) => void;
}

/**
 * Opens the store in a database of PostgreSQL 15 or newer; its tables are made where they are missing. Rejects with
 * `data_folder_locked` where another server writes there, `data_folder_newer`, `unavailable` and `store_failed`.
 */
export async function openPostgresStore(p: PostgresStoreSettings): Promise<Store> {
  const limits = { ...sqliteLimits, ...p.limits };
  const settings = { file: "", durability: "full", limits, postgres: { url: p.url } } as const;
  const reader = new ReaderClient(settings);
  const writer = new WriterClient(settings, { onFatal: p.onFatal, onCrowded: () => undefined });
  const instance = await writer.opened();
  return new SqliteRunStore({ writer, reader, instance, looker: new RemoteLooker(p.url) });
}

/** Over a network nobody waits with the engine's thread. */
class RemoteLooker implements Looker {
  readonly #sql: Bun.SQL;
  readonly #connection: SuspendedConnection;
  #closed = false;

  constructor(url: string) {
    this.#sql = new Bun.SQL({ url, max: lookConnectionsMax, bigint: true });
    this.#connection = new SuspendedConnection({
      primaryKeys,
      query: async ({ text, values }) => {
        const ask = async () => this.#sql.unsafe<readonly unknown[]>(text, [...values]);
        try {
          // One that its connection did not live to answer is asked again, by another.
          return await ask().catch((error: unknown) => {
            if (!isLost(error)) throw error;
            return ask();
          });
        } catch (thrown) {
          throw fromWire(failureOf(PostgresError.of(thrown)).error);
        }
      },
    });
  }

  async look<T>(read: (db: Connection) => T): Promise<T> {
    if (this.#closed) throw closedError();
    return this.#connection.look(read);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#sql.close();
  }
}
