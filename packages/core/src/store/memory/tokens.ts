// Tokens: capabilities that let somebody outside settle a wait, once.
import { sees } from "../../kernel/patterns.ts";
import type { AccessFilter, TokenOutcome, TokenRecord } from "../../kernel/run-store.ts";
import type { Change } from "./change.ts";
import type { EntryRow, RunRow, Settlement, TokenRow } from "./rows.ts";
import { settle } from "./settle.ts";

export class Tokens {
  readonly #byToken = new Map<string, TokenRow>();

  get(token: string): TokenRow | undefined {
    return this.#byToken.get(token);
  }

  add(run: RunRow, record: TokenRecord): TokenRow {
    const row: TokenRow = { record: { ...record }, run };
    this.#byToken.set(record.token, row);
    run.tokens.add(row);
    return row;
  }

  delete(row: TokenRow): void {
    this.#byToken.delete(row.record.token);
    row.run.tokens.delete(row);
  }

  /** Oldest first. */
  list(p: {
    readonly kind: "approval" | "callback";
    readonly status?: "open" | undefined;
    readonly run?: string | undefined;
    readonly limit: number;
    readonly after?: Place | undefined;
    readonly access?: AccessFilter | undefined;
  }): readonly TokenRecord[] {
    return [...this.#byToken.values()]
      .map(({ record }) => record)
      .filter(
        (record) =>
          record.kind === p.kind &&
          (p.status === undefined || record.status === p.status) &&
          (p.run === undefined || record.run === p.run) &&
          (p.after === undefined || inOrder(p.after, record) < 0) &&
          sees(p.access, record.workflow),
      )
      .toSorted(inOrder)
      .slice(0, p.limit)
      .map((record) => ({ ...record }));
  }
}

type Place = Pick<TokenRecord, "createdAt" | "run" | "seq">;

function inOrder(a: Place, b: Place): number {
  return a.createdAt - b.createdAt || (a.run === b.run ? a.seq - b.seq : a.run < b.run ? -1 : 1);
}

/** Marks an open token expired; a used one stays used. */
export function expireToken(row: TokenRow | undefined): void {
  if (row?.record.status === "open") row.record.status = "expired";
}

/** Marks a token whose time has passed; true when it can still be used. */
export function isOpen(row: TokenRow, now: number): boolean {
  if (row.record.expiresAt !== undefined && row.record.expiresAt <= now) expireToken(row);
  return row.record.status === "open";
}

/** Settles what waits behind a token. */
export function completeToken(
  change: Change,
  p: {
    readonly token: string;
    readonly kind: "approval" | "callback";
    readonly person?: string | undefined;
  } & Settlement,
): TokenOutcome {
  const row = change.tables.tokens.get(p.token);
  if (row === undefined || row.record.kind !== p.kind) return { outcome: "unknown" };
  if (!isOpen(row, change.now)) return { outcome: row.record.status === "used" ? "used" : "expired" };
  if (p.person !== undefined && hasDecided(row, p.person)) return { outcome: "decided" };
  row.record.status = "used";
  row.person = p.person;
  row.value = p.value;
  row.error = p.error;
  for (const entry of waitingOn(change, row)) settle(change, entry, resultOf(row));
  return { outcome: "ok", run: row.run.record.id, effects: change.effects() };
}

/** Whether this person has decided with another token of the same approval. */
function hasDecided({ run, record }: TokenRow, person: string): boolean {
  if (record.group === undefined) return false;
  return [...run.tokens].some((other) => other.record.group === record.group && other.person === person);
}

/** Makes a token that ended with its run good again, unless its own time is up. */
export function reopenToken(run: RunRow, seq: number, now: number): void {
  for (const { record } of run.tokens) {
    const isOver = record.expiresAt !== undefined && record.expiresAt <= now;
    if (record.seq === seq && record.status === "expired" && !isOver) record.status = "open";
  }
}

/** What an entry settles with once its token has been used. */
export function resultOf(row: TokenRow): Settlement {
  return row.error === undefined ? { value: row.value } : { error: row.error };
}

function waitingOn(change: Change, row: TokenRow): readonly EntryRow[] {
  const { kind, token } = row.record;
  return change.tables.waits.waitingFor(kind, token).flatMap((wait) => (wait.entry === undefined ? [] : [wait.entry]));
}
