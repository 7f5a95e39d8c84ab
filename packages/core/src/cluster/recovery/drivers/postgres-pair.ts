// A PostgreSQL server at each site, one of which streams to the other. Each server keeps the last order it has taken in a setting of its
// own (`sluice.fence` in postgresql.auto.conf), which a standby can write and a restart keeps; the primary's mark travels with the data.
import { isStale, ordinals } from "../drivers.ts";
import type { DataDriver, DataLook, Mark, Order, Silent, Stale } from "../drivers.ts";
import type { SqlServers, SqlSession } from "../ports.ts";

export interface PostgresPair {
  readonly name: string;
  /** By site: straight to its server, as a superuser. */
  readonly urls: Readonly<Record<string, string>>;
  /** By site: `application_name` under which it follows. */
  readonly standbyNames: Readonly<Record<string, string>>;
  readonly servers: SqlServers;
  readonly timeoutMs: number;
}

/** Serialises the orders of all engines at one server. */
const lockKey = 7_890_031;
const pollSec = 0.05;
const looksMax = 200;

type Answer = { readonly outcome: "ok"; readonly position: number } | Stale | Silent;

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;
/** Standbys are named as identifiers are. */
const quoted = (value: string): string => `"${value.replaceAll('"', '""')}"`;

export function postgresPair(pair: PostgresPair): DataDriver {
  const at = async <T>(site: string, work: (query: SqlSession) => Promise<T>): Promise<T | Silent> => {
    const url = pair.urls[site];
    if (url === undefined) return { outcome: "silent", reason: `no URL of site ${site}` };
    try {
      const { servers, timeoutMs } = pair;
      return await servers.session({
        url,
        timeoutMs,
        work: async (query) => {
          // The site must not wait for the other one to take an order, nor refuse it because it is closed.
          await query("SET synchronous_commit = local");
          await query("SET default_transaction_read_only = off");
          await query(`SET statement_timeout = ${timeoutMs}`);
          return work(query);
        },
      });
    } catch (error) {
      return { outcome: "silent", reason: error instanceof Error ? error.message : String(error) };
    }
  };
  const ordered = (
    verb: keyof typeof ordinals,
    { epoch, site }: Order,
    work: (query: SqlSession) => Promise<number>,
  ): Promise<Answer> =>
    at<Answer>(site, async (query) => {
      await query(`SELECT pg_advisory_lock(${lockKey})`);
      if (isStale(await takenBy(query), { epoch }, verb)) return { outcome: "stale" };
      await query(`SET sluice.fence = '${epoch}.${ordinals[verb]}'`);
      await query(`ALTER SYSTEM SET sluice.fence = '${epoch}.${ordinals[verb]}'`);
      return { outcome: "ok", position: await work(query) };
    });
  return {
    name: pair.name,
    look: (site) => at(site, look),
    guard: (order) => ordered("guard", order, async (query) => (await look(query)).position),
    freeze: (order) => ordered("freeze", order, shut),
    fence: (order) =>
      ordered("fence", order, async (query) => {
        await shut(query);
        await limitConnections(query, 0);
        await shut(query);
        return (await look(query)).position;
      }),
    promote: (order) => ordered("promote", order, (query) => promote(query, order)),
    open: (order) => ordered("open", order, (query) => open(query, order)),
    thaw: (order) => ordered("thaw", order, (query) => open(query, order)),
    protect: ({ epoch, site }) => at<Answer>(site, (query) => protect(query, { epoch, site }, pair)),
  };
}

async function one(query: SqlSession, statement: string): Promise<Readonly<Record<string, unknown>>> {
  return (await query(statement))[0] ?? {};
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "0.0");

async function takenBy(query: SqlSession): Promise<{ readonly epoch: number; readonly ordinal: number }> {
  const row = await one(
    query,
    "SELECT setting FROM pg_file_settings WHERE name = 'sluice.fence' ORDER BY seqno DESC LIMIT 1",
  );
  const [epoch, ordinal] = textOf(row["setting"]).split(".");
  return { epoch: Number(epoch), ordinal: Number(ordinal) };
}

async function look(query: SqlSession): Promise<DataLook> {
  const row = await one(
    query,
    `SELECT pg_is_in_recovery() AS standby,
      CASE WHEN pg_is_in_recovery() THEN greatest(coalesce(pg_last_wal_receive_lsn(), '0/0'), coalesce(pg_last_wal_replay_lsn(), '0/0'))
        ELSE pg_current_wal_lsn() END - '0/0'::pg_lsn AS position,
      (SELECT reset_val FROM pg_settings WHERE name = 'default_transaction_read_only') = 'off' AS writable,
      (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS connections,
      (SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming') AS streams,
      to_regclass('sluice.mark') IS NOT NULL AS marked`,
  );
  const standby = row["standby"] === true;
  const marked = row["marked"] === true ? await one(query, "SELECT epoch, writer, synchronous FROM sluice.mark") : {};
  const mark: Mark | undefined =
    marked["epoch"] === undefined
      ? undefined
      : {
          epoch: Number(marked["epoch"]),
          writer: String(marked["writer"]),
          synchronous: marked["synchronous"] === true,
        };
  return {
    outcome: "ok",
    role: standby ? "standby" : "primary",
    open: !standby && row["writable"] === true && Number(row["connections"]) !== 0,
    position: Number(row["position"]),
    fence: (await takenBy(query)).epoch,
    mark,
    streaming: standby && Number(row["streams"]) > 0,
  };
}

/** Until the server has read its settings anew: a new connection has them from then on. */
async function reloaded(query: SqlSession, name: string, value: string): Promise<void> {
  await query("SELECT pg_reload_conf()");
  for (let looks = 0; looks < looksMax; looks++) {
    const row = await one(query, `SELECT reset_val AS value FROM pg_settings WHERE name = ${text(name)}`);
    if (row["value"] === value) return;
    await query(`SELECT pg_sleep(${pollSec})`);
  }
  throw new Error(`${name} did not become ${value === "" ? "empty" : value}.`);
}

/** New sessions can only read, and those there were are gone; where the log ends then. */
async function shut(query: SqlSession): Promise<number> {
  await query("ALTER SYSTEM SET default_transaction_read_only = on");
  await reloaded(query, "default_transaction_read_only", "on");
  const others = "FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
  for (let looks = 0; looks < looksMax; looks++) {
    const row = await one(query, `SELECT count(pg_terminate_backend(pid)) AS count ${others}`);
    if (Number(row["count"]) === 0) break;
    await query(`SELECT pg_sleep(${pollSec})`);
  }
  return (await look(query)).position;
}

/** Superusers come in whatever it is. Of a standby it is the primary's. */
async function limitConnections(query: SqlSession, count: number): Promise<void> {
  const row = await one(query, "SELECT current_database() AS name, pg_is_in_recovery() AS standby");
  if (row["standby"] !== true) await query(`ALTER DATABASE ${quoted(String(row["name"]))} CONNECTION LIMIT ${count}`);
}

async function writeMark(query: SqlSession, { epoch, site }: Order, synchronous: string): Promise<void> {
  await query("CREATE SCHEMA IF NOT EXISTS sluice");
  await query(
    "CREATE TABLE IF NOT EXISTS sluice.mark (one boolean PRIMARY KEY DEFAULT true CHECK (one), epoch bigint NOT NULL, writer text NOT NULL, synchronous boolean NOT NULL)",
  );
  await query(
    `INSERT INTO sluice.mark (epoch, writer, synchronous) VALUES (${epoch}, ${text(site)}, ${synchronous === "kept" ? "false" : synchronous})
      ON CONFLICT (one) DO UPDATE SET epoch = excluded.epoch, writer = excluded.writer, synchronous = ${synchronous === "kept" ? "mark.synchronous" : "excluded.synchronous"}`,
  );
}

/** Where the log of the primary before ends in that of this one, from the file about its timeline. */
async function switchedAt(query: SqlSession): Promise<number> {
  const row = await one(
    query,
    `SELECT (regexp_match(pg_read_file('pg_wal/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || '.history'), '\\t([0-9A-F]+/[0-9A-F]+)\\t[^\\n]*\\n*$'))[1]::pg_lsn - '0/0'::pg_lsn AS position`,
  );
  return Number(row["position"]);
}

async function promote(query: SqlSession, order: Order): Promise<number> {
  const { role } = await look(query);
  if (role === "standby") {
    // Closed before it is a primary; it follows nobody and nobody follows it.
    await query("ALTER SYSTEM SET default_transaction_read_only = on");
    await query("ALTER SYSTEM SET synchronous_standby_names = ''");
    await reloaded(query, "default_transaction_read_only", "on");
    await query("SELECT pg_promote(true, 60)");
    if ((await look(query)).role === "standby")
      throw new Error("The standby did not become a primary within a minute.");
  }
  await writeMark(query, order, "false");
  await limitConnections(query, 0);
  return switchedAt(query);
}

async function open(query: SqlSession, order: Order): Promise<number> {
  if ((await look(query)).role === "standby") throw new Error("A standby cannot be opened.");
  await writeMark(query, order, "kept");
  await limitConnections(query, -1);
  await query("ALTER SYSTEM SET default_transaction_read_only = off");
  await reloaded(query, "default_transaction_read_only", "off");
  return (await look(query)).position;
}

/** The mark is written once the server waits for the standby: whoever reads it there knows that everything acknowledged since is there. */
async function protect(query: SqlSession, order: Order, pair: PostgresPair): Promise<Answer> {
  await query(`SELECT pg_advisory_lock(${lockKey})`);
  const seen = await look(query);
  const known = await takenBy(query);
  if (known.epoch > order.epoch || seen.role === "standby") return { outcome: "stale" };
  if (seen.mark !== undefined && (seen.mark.epoch > order.epoch || seen.mark.writer !== order.site))
    return { outcome: "stale" };
  const other = Object.keys(pair.urls).find((site) => site !== order.site) ?? "";
  const standby = pair.standbyNames[other] ?? other;
  if (seen.mark?.synchronous === true && seen.mark.epoch === order.epoch)
    return { outcome: "ok", position: seen.position };
  const following = await query(
    `SELECT 1 FROM pg_stat_replication WHERE application_name = ${text(standby)} AND state = 'streaming'`,
  );
  if (following.length === 0) return { outcome: "silent", reason: `${standby} does not follow` };
  await query(`ALTER SYSTEM SET synchronous_standby_names = ${text(quoted(standby))}`);
  await reloaded(query, "synchronous_standby_names", quoted(standby));
  for (let looks = 0; looks < looksMax; looks++) {
    const held = await query("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'");
    if (held.length > 0) break;
    await query(`SELECT pg_sleep(${pollSec})`);
  }
  // A commit that waits shows that waiting has begun for those that come after it.
  await query("SET synchronous_commit = on");
  await writeMark(query, order, "false");
  await query(`SELECT pg_sleep(${pollSec})`);
  await writeMark(query, order, "true");
  return { outcome: "ok", position: (await look(query)).position };
}
