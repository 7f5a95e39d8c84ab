// Epochs in PostgreSQL: only in a primary whose commits are at a synchronous standby before they are acknowledged, since whatever else
// takes its place could hand the same epoch out once more.
import type { Claim, EpochStore, Refused, Silent, Stale } from "../drivers.ts";
import type { SqlServers, SqlSession } from "../ports.ts";

type Answer = { readonly outcome: "ok"; readonly claim: Claim } | Refused | Stale | Silent;

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

export function postgresEpochs(p: {
  readonly url: string;
  /** Of the recovery. */
  readonly name: string;
  readonly servers: SqlServers;
  readonly timeoutMs: number;
}): EpochStore {
  const { url, name, servers, timeoutMs } = p;
  const guarded = async <T>(work: (query: SqlSession) => Promise<T>): Promise<T | Refused | Silent> => {
    try {
      return await servers.session({
        url,
        timeoutMs,
        work: async (query) => (await whyNot(query)) ?? (await prepared(query), await work(query)),
      });
    } catch (error) {
      return { outcome: "silent", reason: error instanceof Error ? error.message : String(error) };
    }
  };
  const reading = async (query: SqlSession): Promise<Claim | undefined> =>
    claimOf(await query(`${selectSql} WHERE name = ${text(name)}`));
  return {
    read: () => guarded(async (query) => ({ outcome: "ok" as const, claim: await reading(query) })),
    begin: ({ site }) =>
      guarded(async (query) => {
        await query(
          `INSERT INTO sluice.epochs VALUES (${text(name)}, 1, '', ${text(site)}, 1) ON CONFLICT (name) DO NOTHING`,
        );
        const claim = await reading(query);
        if (claim === undefined) throw new Error("The epoch is gone.");
        return { outcome: "ok" as const, claim };
      }),
    claim: ({ attempt }) =>
      guarded<Answer>(async (query) => {
        // One statement: either all of it is at the standby, or nothing.
        await query(
          `WITH taken AS (
            INSERT INTO sluice.claims (name, attempt, epoch)
            SELECT name, ${text(attempt)}, epoch + 1 FROM sluice.epochs WHERE name = ${text(name)} FOR UPDATE
            ON CONFLICT DO NOTHING RETURNING epoch)
          UPDATE sluice.epochs SET epoch = taken.epoch, attempt = ${text(attempt)} FROM taken WHERE name = ${text(name)}`,
        );
        const claim = await reading(query);
        return claim?.attempt === attempt ? { outcome: "ok", claim } : { outcome: "stale" };
      }),
    conclude: ({ attempt, epoch, site }) =>
      guarded(async (query) => {
        const rows = await query(
          `UPDATE sluice.epochs SET active_site = ${text(site)}, active_epoch = ${epoch}
            WHERE name = ${text(name)} AND epoch = ${epoch} AND attempt = ${text(attempt)} RETURNING 1`,
        );
        return { outcome: rows.length > 0 ? ("ok" as const) : ("stale" as const) };
      }),
  };
}

const lockKey = 7_890_032;
const selectSql = "SELECT epoch, attempt, active_site, active_epoch FROM sluice.epochs";

function claimOf(rows: readonly Readonly<Record<string, unknown>>[]): Claim | undefined {
  const [row] = rows;
  if (row === undefined) return undefined;
  const active = { site: String(row["active_site"]), epoch: Number(row["active_epoch"]) };
  return { epoch: Number(row["epoch"]), attempt: String(row["attempt"]), active };
}

/** Undefined where the server may decide. */
async function whyNot(query: SqlSession): Promise<Refused | undefined> {
  await query("SET synchronous_commit = on");
  const [row] = await query(
    `SELECT pg_is_in_recovery() AS standby, current_setting('fsync') AS fsync,
      (SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')) AS followers`,
  );
  const refused = (reason: string): Refused => ({ outcome: "refused", rule: "epochs-asynchronous", reason });
  if (row?.["standby"] === true) return refused("The epoch store is a standby: what it has may be behind.");
  if (row?.["fsync"] !== "on") return refused("The epoch store does not sync what it acknowledges (fsync).");
  if (Number(row["followers"]) > 0) return undefined;
  return refused("The epoch store replicates asynchronously: it may lose an epoch that it has handed out.");
}

async function prepared(query: SqlSession): Promise<void> {
  const [row] = await query("SELECT to_regclass('sluice.claims') IS NOT NULL AS there");
  if (row?.["there"] === true) return;
  // Two that make the same thing at once are in each other's way, whatever IF NOT EXISTS says.
  await query(`SELECT pg_advisory_lock(${lockKey})`);
  await query("CREATE SCHEMA IF NOT EXISTS sluice");
  await query(
    "CREATE TABLE IF NOT EXISTS sluice.epochs (name text PRIMARY KEY, epoch bigint NOT NULL, attempt text NOT NULL, active_site text NOT NULL, active_epoch bigint NOT NULL)",
  );
  await query(
    "CREATE TABLE IF NOT EXISTS sluice.claims (name text NOT NULL, attempt text NOT NULL, epoch bigint NOT NULL, PRIMARY KEY (name, attempt))",
  );
}
