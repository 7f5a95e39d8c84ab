// A PostgreSQL database of the user's own: statements as steps, and `ctx.transaction` for exactly once.
import { action, database, defineService } from "@sluice/sdk";
import type { PostgresDatabase } from "@sluice/sdk";
import { z } from "zod";

const rowsMax = 10_000;
const connectionsDefault = 4;

/** What of a pool is used here, whichever package made it. */
interface Pool extends PostgresDatabase {
  unsafe(
    sql: string,
    params?: readonly unknown[],
  ): PromiseLike<readonly Record<string, unknown>[] & { readonly count?: number | null }>;
  close(): Promise<unknown>;
}

const statement = z.object({ sql: z.string().min(1), params: z.array(z.unknown()).default([]) });

/** A PostgreSQL server: `SQL` of Bun, or the package `postgres` where there is no Bun. Parameters are `$1`, `$2`, … */
export const postgres = defineService({
  id: "postgres",
  name: "PostgreSQL",
  version: "1.0.0",
  config: z.object({ connections: z.int().positive().default(connectionsDefault) }).prefault({}),
  auth: z.object({ url: z.string().regex(/^postgres(?:ql)?:\/\//, "is no URL of a PostgreSQL server") }),
  retry: { attempts: 4, delay: "500ms", maxDelay: "30s" },
  timeout: "60s",
  setup: async ({ config, auth, onStop, onHealth }) => {
    const pool = await connect(auth.url, config.connections);
    onStop(() => pool.close());
    onHealth(() => pool.unsafe("SELECT 1"));
    return {
      [database]: pool,
      query: action({
        input: statement,
        run: async ({ sql, params }) => {
          const rows = await pool.unsafe(sql, params);
          if (rows.length > rowsMax) throw new RangeError(`The query has more than ${rowsMax} rows: add a LIMIT.`);
          return Array.from(rows, (row) => ({ ...row }));
        },
      }),
      execute: action({
        input: statement,
        run: async ({ sql, params }) => ({ changes: (await pool.unsafe(sql, params)).count ?? 0 }),
      }),
    };
  },
});

async function connect(url: string, connections: number): Promise<Pool> {
  if ("Bun" in globalThis) return new Bun.SQL({ url, max: connections }) as unknown as Pool;
  const { default: client } = await import("postgres");
  const pool = client(url, { max: connections });
  return Object.assign(pool, { close: () => pool.end() }) as unknown as Pool;
}
