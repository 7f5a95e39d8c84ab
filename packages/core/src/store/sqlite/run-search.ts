// Finding runs by a piece of their id, key or tag, and names by a piece of theirs: a few looks at indexes, whatever there is.
import { matchesAny, sees } from "../../kernel/patterns.ts";
import type { RunFinder, RunHit } from "../../kernel/run-search.ts";
import type { Connection } from "./connection.ts";
import { summaryColumns, toSummary, type SummaryRow } from "./run-row.ts";

type Params<Verb extends keyof RunFinder> = Parameters<RunFinder[Verb]>[0];
type Answer<Verb extends keyof RunFinder> = Awaited<ReturnType<RunFinder[Verb]>>;

/** Rows that one search looks at for those that may be seen. */
const scannedRowsMax = 1_000;
/** Workflows whose keys are looked at, and names of events. */
const scannedNamesMax = 5_000;
/** Highest text there is, for the end of a range of texts with one beginning. */
const lastCharacter = "\u{10FFFF}";

const oneRunSql = `SELECT ${summaryColumns} FROM runs WHERE id = ?`;
const idsSql = `SELECT ${summaryColumns} FROM runs WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT ?`;
const keysSql = `SELECT id, key FROM runs INDEXED BY runs_by_key
  WHERE workflow = ? AND key IS NOT NULL AND key >= ? AND key < ? ORDER BY key LIMIT ?`;
const nextKeyedSql = `SELECT workflow AS name FROM runs INDEXED BY runs_by_key
  WHERE key IS NOT NULL AND workflow > ? ORDER BY workflow LIMIT 1`;
const taggedSql = "SELECT run FROM run_tags WHERE tag = ? ORDER BY created_at DESC, run DESC LIMIT ?";
const nextTagSql = "SELECT tag AS name FROM run_tags WHERE tag > ? AND tag < ? ORDER BY tag LIMIT 1";
const nextEventSql = "SELECT name FROM events WHERE name > ? ORDER BY name LIMIT 1";
const nextScopeSql = "SELECT scope AS name FROM state WHERE scope > ? AND scope < ? ORDER BY scope LIMIT 1";
const stateKeysSql = `SELECT scope, key FROM state
  WHERE scope = ? AND key >= ? AND key < ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY key LIMIT ?`;

/** Statements of one search; they are finalized with it. */
class Looks {
  readonly #db: Connection;
  readonly #prepared = new Map<string, ReturnType<Connection["prepare"]>>();

  constructor(db: Connection) {
    this.#db = db;
  }

  all<Row>(sql: string, ...values: readonly (string | number)[]): readonly Row[] {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#prepared.set(sql, statement);
    }
    return statement.all(...values) as Row[];
  }

  one<Row>(sql: string, ...values: readonly (string | number)[]): Row | undefined {
    return this.all<Row>(sql, ...values)[0];
  }

  /** Names above `from` in order, each found by one look at an index; at the end it says whether there may be more. */
  *names(sql: string, from: string, to?: string): Generator<string, boolean> {
    const end = to === undefined ? [] : [to];
    let name = this.one<{ name: string }>(sql, from, ...end)?.name;
    for (let count = 0; name !== undefined; count++) {
      if (count === scannedNamesMax) return true;
      yield name;
      name = this.one<{ name: string }>(sql, name, ...end)?.name;
    }
    return false;
  }

  close(): void {
    for (const statement of this.#prepared.values()) statement.finalize();
  }
}

function looking<T>(db: Connection, look: (looks: Looks) => T): T {
  const looks = new Looks(db);
  try {
    return look(looks);
  } finally {
    looks.close();
  }
}

export function searchRuns(db: Connection, p: Params<"searchRuns">): Answer<"searchRuns"> {
  return looking(db, (looks) => new RunSearch(looks, p).result());
}

interface Keyed {
  readonly id: string;
  readonly key: string;
}

class RunSearch {
  readonly #looks: Looks;
  readonly #asked: Params<"searchRuns">;
  /** By id; one more than is asked for at most. */
  readonly #hits = new Map<string, RunHit>();
  #rowsLeft = scannedRowsMax;
  #cut = false;

  constructor(looks: Looks, asked: Params<"searchRuns">) {
    this.#looks = looks;
    this.#asked = asked;
  }

  result(): Answer<"searchRuns"> {
    const { text, limit } = this.#asked;
    if (text === "" || limit <= 0) return { hits: [], more: false };
    this.#named(text, "id", text);
    const keyed = this.#keyed();
    for (const { id, key } of keyed) if (key === text) this.#named(id, "key", key);
    this.#tagged(text);
    this.#byId();
    for (const { id, key } of keyed) this.#named(id, "key", key);
    this.#byTag();
    const hits = [...this.#hits.values()];
    return { hits: hits.slice(0, limit), more: this.#cut || hits.length > limit };
  }

  get #full(): boolean {
    return this.#hits.size > this.#asked.limit;
  }

  /**
   * As many rows of a range as fill the answer when every one of them may be seen and none has been found before, or else as
   * may be looked at.
   */
  get #rowsMax(): number {
    const { access, limit } = this.#asked;
    return access === undefined ? Math.min(this.#rowsLeft, limit + 1 + this.#hits.size) : this.#rowsLeft;
  }

  #named(id: string, by: RunHit["by"], value: string): void {
    if (this.#full || this.#hits.has(id)) return;
    const row = this.#looks.one<SummaryRow>(oneRunSql, id);
    if (row !== undefined) this.#add(row, by, value);
  }

  #add(row: SummaryRow, by: RunHit["by"], value: string): void {
    if (this.#full || this.#hits.has(row.id) || !sees(this.#asked.access, row.workflow)) return;
    this.#hits.set(row.id, { run: toSummary(row), by, value });
  }

  /** Counts rows that were looked at. That the last of a range was not among them is more to be found. */
  #looked(rows: number, max: number): void {
    this.#rowsLeft -= rows;
    this.#cut ||= rows === max;
  }

  /** The newest first: ids begin with their time. */
  #byId(): void {
    if (this.#full) return;
    const { text } = this.#asked;
    const max = this.#rowsMax;
    const rows = this.#looks.all<SummaryRow>(idsSql, text, text + lastCharacter, max);
    for (const row of rows) this.#add(row, "id", row.id);
    this.#looked(rows.length, max);
  }

  /** Runs whose key begins with the text, in order of keys. They are indexed a workflow at a time. */
  #keyed(): readonly Keyed[] {
    const { text, limit, access } = this.#asked;
    let found: readonly Keyed[] = [];
    const names = this.#looks.names(nextKeyedSql, "");
    let next = names.next();
    for (; next.done !== true; next = names.next()) {
      if (!sees(access, next.value)) continue;
      const rows = this.#looks.all<Keyed>(keysSql, next.value, text, text + lastCharacter, limit + 1);
      if (rows.length > 0) found = [...found, ...rows].toSorted(byKey).slice(0, limit + 1);
    }
    this.#cut ||= next.value;
    return found;
  }

  #byTag(): void {
    const { text } = this.#asked;
    const names = this.#looks.names(nextTagSql, text, text + lastCharacter);
    for (const tag of names) {
      if (this.#full || this.#rowsLeft <= 0) return;
      this.#tagged(tag);
    }
  }

  /** The newest runs with a tag. */
  #tagged(tag: string): void {
    if (this.#full) return;
    const max = this.#rowsMax;
    const rows = this.#looks.all<{ run: string }>(taggedSql, tag, max);
    for (const { run } of rows) this.#named(run, "tag", tag);
    this.#looked(rows.length, max);
  }
}

function byKey(a: Keyed, b: Keyed): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : a.id < b.id ? -1 : 1;
}

export function searchEventNames(db: Connection, p: Params<"searchEventNames">): Answer<"searchEventNames"> {
  return looking(db, (looks) => {
    const wanted = p.text.toLowerCase();
    const found: string[] = [];
    const names = looks.names(nextEventSql, "");
    let next = names.next();
    for (; next.done !== true; next = names.next()) {
      if (!next.value.toLowerCase().includes(wanted) || !matchesAny(p.names, next.value)) continue;
      if (found.length >= p.limit) return { names: found, more: true };
      found.push(next.value);
    }
    return { names: found, more: next.value };
  });
}

export function searchStateKeys(db: Connection, p: Params<"searchStateKeys">): Answer<"searchStateKeys"> {
  return looking(db, (looks) => {
    const found: { scope: string; key: string }[] = [];
    const max = p.keys === undefined ? p.limit + 1 : scannedRowsMax;
    let cut = false;
    const take = (scope: string): void => {
      const range = [scope, p.text, p.text + lastCharacter];
      const rows = looks.all<{ scope: string; key: string }>(stateKeysSql, ...range, p.now, max);
      for (const row of rows) {
        if (found.length <= p.limit && matchesAny(p.keys, row.key)) found.push(row);
      }
      cut ||= rows.length === max;
    };
    take("global");
    const scopes = looks.names(nextScopeSql, "workflow:", "workflow;");
    for (const scope of scopes) {
      if (found.length > p.limit) break;
      if (sees(p.access, scope.slice("workflow:".length))) take(scope);
    }
    return { keys: found.slice(0, p.limit), more: cut || found.length > p.limit };
  });
}
