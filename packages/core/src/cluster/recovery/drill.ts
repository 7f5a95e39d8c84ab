// What a drill measures: a writer that takes the clients' way and keeps its own ledger of what was acknowledged, and what of it is there
// afterwards. Figures come from the ledger alone, none from a setting.
import type { Clock } from "../../kernel/clock.ts";
import type { SqlServers, SqlSession } from "./ports.ts";

export interface Measured {
  /** Between the newest acknowledged write before the gap and the newest of those that survived; zero where none is missing. */
  readonly rpoMs: number | null;
  /** The longest time in which nothing was acknowledged. */
  readonly rtoMs: number | null;
  readonly acknowledged: number;
  readonly lost: number;
}

export interface LedgerEntry {
  readonly n: number;
  readonly at: number;
}

/** From what was acknowledged when, and which numbers are there. */
export function measuredOf(ledger: readonly LedgerEntry[], survived: ReadonlySet<number>): Measured {
  let [rtoMs, gapAt] = [0, 0];
  for (const [index, { at }] of ledger.entries()) {
    const before = ledger[index - 1];
    if (before === undefined || at - before.at <= rtoMs) continue;
    [rtoMs, gapAt] = [at - before.at, index];
  }
  const missing = ledger.filter(({ n }) => !survived.has(n));
  const newest = ledger.slice(0, gapAt).findLast(({ n }) => survived.has(n));
  const last = missing.at(-1);
  const rpoMs = last === undefined ? 0 : newest === undefined ? null : Math.max(0, last.at - newest.at);
  return { rpoMs, rtoMs: ledger.length < 2 ? null : rtoMs, acknowledged: ledger.length, lost: missing.length };
}

/** That of the pair's orders. */
const lockKey = 7_890_031;
const pauseSec = 0.02;
const tableSql =
  "CREATE TABLE IF NOT EXISTS sluice.ledger (drill text NOT NULL, n bigint NOT NULL, sentinel text NOT NULL, PRIMARY KEY (drill, n))";

/** Writes one row after the other until it is told to stop; whenever it is cut off it begins again. */
export class DrillWriter {
  readonly ledger: LedgerEntry[] = [];
  readonly #p: DrillWriterOptions;
  #stopped = false;
  #written = 0;
  #done: Promise<void> | undefined;

  constructor(p: DrillWriterOptions) {
    this.#p = p;
  }

  begin(): void {
    this.#done ??= this.#write();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #write(): Promise<void> {
    const { servers, url, timeoutMs, pause } = this.#p;
    while (!this.#stopped) {
      try {
        await servers.session({ url, timeoutMs, work: (query) => this.#rows(query) });
      } catch {
        // Cut off or refused: that is what is measured. It goes on as clients do.
        await pause(pauseSec * 1_000);
      }
    }
  }

  async #rows(query: SqlSession): Promise<void> {
    const { drill, sentinel, clock, pause, timeoutMs } = this.#p;
    await query(`SET statement_timeout = ${timeoutMs}`);
    while (!this.#stopped) {
      const n = ++this.#written;
      await query(`INSERT INTO sluice.ledger VALUES ('${drill}', ${n}, '${sentinel}')`);
      this.ledger.push({ n, at: clock.now() });
      await pause(pauseSec * 1_000);
    }
  }
}

export interface DrillWriterOptions {
  readonly drill: string;
  /** Another one for each drill: an old copy does not have it. */
  readonly sentinel: string;
  readonly url: string;
  readonly servers: SqlServers;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly pause: (ms: number) => Promise<void>;
}

/** Makes the table of ledgers, straight at the active site. */
export async function prepareLedger(query: SqlSession, drill: string): Promise<void> {
  // Two that make the same thing at once are in each other's way, whatever IF NOT EXISTS says.
  await query(`SELECT pg_advisory_lock(${lockKey})`);
  await query("CREATE SCHEMA IF NOT EXISTS sluice");
  await query(tableSql);
  await query("GRANT USAGE ON SCHEMA sluice TO PUBLIC");
  await query("GRANT INSERT ON sluice.ledger TO PUBLIC");
  await query(`DELETE FROM sluice.ledger WHERE drill <> '${drill}'`);
}

/** Numbers of the rows that a site has of a drill, with its sentinel. */
export async function survivorsOf(
  query: SqlSession,
  p: { readonly drill: string; readonly sentinel: string },
): Promise<ReadonlySet<number>> {
  const rows = await query(`SELECT n FROM sluice.ledger WHERE drill = '${p.drill}' AND sentinel = '${p.sentinel}'`);
  return new Set(rows.map((row) => Number(row["n"])));
}
