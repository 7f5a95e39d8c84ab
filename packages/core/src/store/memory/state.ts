// Keyed state of runs, workflows and everybody: values with a version and, if wanted, an end.
import { SluiceError } from "@sluice/protocol";
import { matchesAny } from "../../kernel/patterns.ts";
import type { StateEntry } from "../../kernel/run-store.ts";
import type { StateRow } from "./rows.ts";

export class State {
  readonly #scopes = new Map<string, Map<string, StateRow>>();
  /** Highest version that a deleted key has had: a key that comes back goes on above it. */
  #floor = 0;

  /** Undefined when the key does not exist or its time has passed. */
  get(scope: string, key: string, now: number): StateRow | undefined {
    const row = this.#scopes.get(scope)?.get(key);
    return row === undefined || isOver(row, now) ? undefined : row;
  }

  /** Writes a value; its new version. */
  set(p: Omit<StateEntry, "version">): number {
    let scope = this.#scopes.get(p.scope);
    if (scope === undefined) {
      scope = new Map();
      this.#scopes.set(p.scope, scope);
    }
    const version = (scope.get(p.key)?.version ?? this.#floor) + 1;
    scope.set(p.key, { scope: p.scope, key: p.key, value: p.value, version, expiresAt: p.expiresAt });
    return version;
  }

  delete(scope: string, key: string): void {
    const rows = this.#scopes.get(scope);
    this.#floor = Math.max(this.#floor, rows?.get(key)?.version ?? 0);
    rows?.delete(key);
    if (rows?.size === 0) this.#scopes.delete(scope);
  }

  /** What changes came to that are made once, by run. */
  readonly once = new Map<string, Map<string, { readonly version: number; readonly value: Uint8Array }>>();

  deleteScope(scope: string): void {
    if (scope.startsWith("run:")) this.once.delete(scope.slice("run:".length));
    for (const row of this.#scopes.get(scope)?.values() ?? []) this.#floor = Math.max(this.#floor, row.version);
    this.#scopes.delete(scope);
  }

  /** By key, in the order of UTF-16 code units. */
  list(p: {
    readonly scope: string;
    readonly prefix?: string | undefined;
    readonly keys?: readonly string[] | undefined;
    readonly limit: number;
    readonly cursor?: string | undefined;
    readonly now: number;
  }): { readonly entries: readonly StateEntry[]; readonly next?: string | undefined } {
    const after = p.cursor === undefined ? undefined : keyOf(p.cursor);
    const prefix = p.prefix ?? "";
    const rows = [...(this.#scopes.get(p.scope)?.values() ?? [])]
      .filter((row) => row.key.startsWith(prefix) && !isOver(row, p.now) && (after === undefined || row.key > after))
      .filter((row) => matchesAny(p.keys, row.key))
      .toSorted((a, b) => (a.key < b.key ? -1 : 1));
    const entries = rows.slice(0, p.limit).map((row) => ({ ...row }));
    const last = entries.at(-1);
    return rows.length > entries.length && last !== undefined ? { entries, next: `k${last.key}` } : { entries };
  }

  all(): readonly StateRow[] {
    return [...this.#scopes.values()].flatMap((rows) => [...rows.values()]);
  }

  /** Deletes up to `limit` values past their end; how many. */
  sweep(now: number, limit: number): number {
    const over = this.all()
      .filter((row) => isOver(row, now))
      .slice(0, limit);
    for (const row of over) this.delete(row.scope, row.key);
    return over.length;
  }
}

function isOver(row: StateRow, now: number): boolean {
  return row.expiresAt !== undefined && row.expiresAt <= now;
}

function keyOf(cursor: string): string {
  if (!cursor.startsWith("k"))
    throw new SluiceError({ code: "invalid_filter", message: "The cursor is not one of this list." });
  return cursor.slice(1);
}
