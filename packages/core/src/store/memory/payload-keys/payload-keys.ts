// Wrapped data keys in plain memory.
import type {
  EraseOutcome,
  NewPayloadKey,
  PayloadKeyCount,
  PayloadKeyRecord,
  PayloadKeyStore,
} from "../../../kernel/payload-keys.ts";
import type { NewRun } from "../../../kernel/run-store.ts";
import { erasedValue } from "../../../kernel/sealed.ts";
import type { RunRow } from "../rows.ts";
import { isFinal } from "../runs.ts";
import type { Tables } from "../tables.ts";

export type PayloadKeyWriteVerb = "putPayloadKey" | "rewrapPayloadKeys" | "erasePayloadKey";

type Params<Verb extends PayloadKeyWriteVerb> = Parameters<PayloadKeyStore[Verb]>[0];
type Answer<Verb extends PayloadKeyWriteVerb> = Awaited<ReturnType<PayloadKeyStore[Verb]>>;

/** The rows, by id. */
export type PayloadKeys = Map<string, PayloadKeyRecord & { readonly lent: boolean }>;

export function putKey(
  rows: PayloadKeys,
  p: { readonly id: string; readonly key: NewPayloadKey; readonly now: number },
) {
  const { workflow, version, wrapped, lent = false } = p.key;
  if (!rows.has(p.id)) rows.set(p.id, { id: p.id, workflow, version, wrapped, lent, createdAt: p.now });
}

/** Lets keys go that no run has any more, nor what waits to be one. */
export function releaseKeys(tables: Tables, ids: readonly (string | undefined)[]): void {
  for (const id of new Set(ids)) {
    if (id === undefined || tables.payloadKeys.get(id)?.lent !== false) continue;
    const waits = tables.triggers.allHeld().some(({ payloadKey }) => payloadKey === id);
    if (!waits && !tables.runs.all().some(({ record }) => record.payloadKey === id)) tables.payloadKeys.delete(id);
  }
}

/**
 * The run has the key of the start that came last, or none. Where the one before was lent, somebody else's journal will need the
 * new one.
 */
export function takeKey(
  tables: Tables,
  { row, run, now }: { readonly row: RunRow; readonly run: NewRun; readonly now: number },
): void {
  const { payloadKey, newKey } = run;
  const before = row.record.payloadKey;
  if (payloadKey !== undefined && newKey !== undefined)
    putKey(tables.payloadKeys, { id: payloadKey, key: newKey, now });
  if (before === payloadKey) return;
  row.record.payloadKey = payloadKey;
  const key = payloadKey === undefined ? undefined : tables.payloadKeys.get(payloadKey);
  const lent = before !== undefined && tables.payloadKeys.get(before)?.lent === true;
  if (key !== undefined && lent) tables.payloadKeys.set(key.id, { ...key, lent });
  releaseKeys(tables, [before]);
}

export const payloadKeyVerbs: {
  readonly [Verb in PayloadKeyWriteVerb]: (tables: Tables, p: Params<Verb>) => Answer<Verb>;
} = {
  putPayloadKey: ({ payloadKeys }, p) => putKey(payloadKeys, p),

  rewrapPayloadKeys({ payloadKeys }, { keys, workflow, version }) {
    let rewrapped = 0;
    for (const { id, wrapped } of keys) {
      const row = payloadKeys.get(id);
      if (row?.wrapped === undefined || row.workflow !== workflow) continue;
      payloadKeys.set(id, { ...row, wrapped, version });
      rewrapped++;
    }
    return { rewrapped };
  },

  erasePayloadKey(tables, { id, now }): EraseOutcome {
    const row = tables.payloadKeys.get(id);
    if (row === undefined) return { outcome: "not_found" };
    const runs = tables.runs.all().filter(({ record }) => record.payloadKey === id);
    const unfinished = runs.find((run) => !isFinal(run));
    if (unfinished !== undefined) return { outcome: "unfinished", run: unfinished.record.id };
    for (const run of runs) eraseRun(tables, run);
    // What waits to become a run has no value left to become one with.
    tables.triggers.eraseHeld(id);
    const { wrapped: _wrapped, ...rest } = row;
    tables.payloadKeys.set(id, { ...rest, erasedAt: now });
    return { outcome: "ok", runs: runs.length };
  },
};

function eraseRun({ state }: Tables, row: RunRow): void {
  const { record, entries, tokens, logs, logged } = row;
  const erased = (value: Uint8Array | undefined): Uint8Array | undefined =>
    value === undefined ? undefined : erasedValue;
  record.input = erasedValue;
  record.output = erased(record.output);
  record.error = erased(record.error);
  record.progress = erased(record.progress);
  if (record.outcome?.error !== undefined) record.outcome = { ...record.outcome, error: erasedValue };
  for (const each of entries.values()) {
    if (each.entry.value !== undefined) each.entry.value = erasedValue;
    if (each.entry.error !== undefined) each.entry.error = erasedValue;
    each.attempts = undefined;
  }
  for (const token of tokens) if (token.record.data !== undefined) token.record.data = erasedValue;
  logs.length = 0;
  logged.clear();
  row.stream = undefined;
  state.deleteScope(`run:${record.id}`);
}

/** What the store of data keys is given by the store it is part of. */
export interface PayloadKeyParts {
  /** Throws when the store is closed. */
  readonly rows: () => PayloadKeys;
  /** Carries out a verb and writes the audit row about it. */
  readonly write: <Verb extends PayloadKeyWriteVerb>(verb: Verb, p: Params<Verb>) => Answer<Verb>;
}

export class MemoryPayloadKeyStore implements PayloadKeyStore {
  readonly #parts: PayloadKeyParts;

  constructor(parts: PayloadKeyParts) {
    this.#parts = parts;
  }

  async putPayloadKey(p: Params<"putPayloadKey">): Promise<void> {
    this.#parts.write("putPayloadKey", p);
  }

  async rewrapPayloadKeys(p: Params<"rewrapPayloadKeys">): Promise<Answer<"rewrapPayloadKeys">> {
    return this.#parts.write("rewrapPayloadKeys", p);
  }

  async erasePayloadKey(p: Params<"erasePayloadKey">): Promise<EraseOutcome> {
    return this.#parts.write("erasePayloadKey", p);
  }

  async getPayloadKey(p: { readonly id: string }): Promise<PayloadKeyRecord | undefined> {
    const row = this.#parts.rows().get(p.id);
    return row === undefined ? undefined : shown(row);
  }

  async listPayloadKeys(p: {
    readonly workflow: string;
    readonly after?: string | undefined;
    readonly limit: number;
  }): Promise<readonly PayloadKeyRecord[]> {
    return [...this.#parts.rows().values()]
      .filter((row) => row.workflow === p.workflow && row.id > (p.after ?? "") && row.wrapped !== undefined)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, p.limit)
      .map(shown);
  }

  async countPayloadKeys(): Promise<readonly PayloadKeyCount[]> {
    const counts = new Map<string, PayloadKeyCount>();
    for (const { workflow, wrapped } of this.#parts.rows().values()) {
      const { keys, erased } = counts.get(workflow) ?? { keys: 0, erased: 0 };
      const more = wrapped === undefined ? { keys, erased: erased + 1 } : { keys: keys + 1, erased };
      counts.set(workflow, { workflow, ...more });
    }
    return [...counts.values()].toSorted((a, b) => (a.workflow < b.workflow ? -1 : 1));
  }
}

function shown({ lent: _lent, ...row }: PayloadKeyRecord & { readonly lent: boolean }): PayloadKeyRecord {
  return row;
}
