// The rows of the list of runs: read page by page, kept current by the live stream, and never moved below one's eyes. What
// is newer than the first row waits until it is asked for.
import type { LiveRun } from "@sluice/protocol";
import { belongs } from "./run-filter.ts";
import type { RunFilter } from "./run-filter.ts";
import type { ListedRun } from "./words.ts";

interface RunPage {
  readonly runs: readonly ListedRun[];
  readonly nextCursor: string | null;
}
export type ReadPage = (cursor: string | null, limit: number) => Promise<RunPage>;

/** The first page is what a screen shows; further ones are as long as the server lets them be. */
const firstPageRows = 50;
const pageRows = 200;
/** New runs are counted one by one up to this; past it there are "many". */
const newRunsMax = 10_000;

interface Page {
  readonly cursor: string | null;
  readonly limit: number;
  rows: readonly ListedRun[];
  /** What the server says now may differ: read again once it is in sight. */
  stale: boolean;
}

export class RunList {
  readonly #read: ReadPage;
  readonly #filter: RunFilter;
  readonly #listeners = new Set<() => void>();
  #pages: Page[] = [];
  #rows: readonly ListedRun[] = [];
  #next: string | null = null;
  #changes = new Map<string, LiveRun>();
  #ids = new Set<string>();
  #new = new Set<string>();
  #uncounted = false;
  #undecided = false;
  #busy = false;
  #error: unknown;
  version = 0;

  constructor(filter: RunFilter, read: ReadPage) {
    this.#filter = filter;
    this.#read = read;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** As the server listed them; what has changed since is in `current`. */
  get rows(): readonly ListedRun[] {
    return this.#rows;
  }

  get hasMore(): boolean {
    return this.#next !== null;
  }

  /** Why the last page that was asked for is not there. */
  get error(): unknown {
    return this.#error;
  }

  /** Runs that would stand before the first row. */
  get newCount(): number {
    return this.#new.size;
  }

  /** There are more of them than were counted. */
  get hasUncounted(): boolean {
    return this.#uncounted || this.#new.size >= newRunsMax;
  }

  /** Something new may be there that only the server can tell: `probe` asks. */
  get isUndecided(): boolean {
    return this.#undecided;
  }

  /** A row with what the live stream has told of it since. */
  current(row: ListedRun): ListedRun {
    const change = this.#changes.get(row.id);
    if (change === undefined) return row;
    const { status, statusReason, startedAt, endedAt } = change;
    return { ...row, status, statusReason: statusReason as ListedRun["statusReason"], startedAt, endedAt };
  }

  /** Reads the newest page and forgets everything else. */
  async load(): Promise<void> {
    const page = await this.#read(null, firstPageRows);
    this.#pages = [{ cursor: null, limit: firstPageRows, rows: page.runs, stale: false }];
    this.#next = page.nextCursor;
    this.#new = new Set();
    this.#uncounted = false;
    this.#undecided = false;
    this.#changes = new Map();
    this.#changed();
  }

  /** Reads the page after the last one; nothing happens while one is being read. */
  async more(): Promise<void> {
    if (this.#busy || this.#next === null) return;
    this.#busy = true;
    const cursor = this.#next;
    try {
      const page = await this.#read(cursor, pageRows);
      if (this.#next !== cursor) return;
      const rows = page.runs.filter(({ id }) => !this.#ids.has(id));
      this.#pages.push({ cursor, limit: pageRows, rows, stale: false });
      this.#next = page.nextCursor;
      this.#error = undefined;
    } catch (error) {
      this.#error = error;
    } finally {
      this.#busy = false;
      this.#changed();
    }
  }

  /** After a gap: nothing that was read can be relied on. What is in sight is read again, the rest once it comes in sight. */
  async refresh(seen: ReadonlySet<string>): Promise<void> {
    for (const page of this.#pages) page.stale = true;
    await Promise.all([this.freshen(seen), this.probe()]);
  }

  /** Reads pages with these rows again where they are stale. */
  async freshen(seen: ReadonlySet<string>): Promise<void> {
    const stale = this.#pages.filter((page) => page.stale && page.rows.some(({ id }) => seen.has(id)));
    for (const page of stale) page.stale = false;
    await Promise.all(stale.map(async (page) => this.#reread(page)));
    if (stale.length > 0) this.#changed();
  }

  /** Counts what stands before the first row now, as far as a page reaches. */
  async probe(): Promise<void> {
    this.#undecided = false;
    const { runs } = await this.#read(null, firstPageRows);
    const known = runs.findIndex(({ id }) => this.#ids.has(id));
    const fresh = runs.slice(0, known === -1 ? runs.length : known).map(({ id }) => id);
    this.#uncounted = known === -1 && fresh.length === firstPageRows;
    this.#new = this.#uncounted ? new Set([...this.#new, ...fresh]) : new Set(fresh);
    this.#changed();
  }

  /** Takes runs that were created or changed. */
  take(runs: readonly LiveRun[]): void {
    let changed = false;
    const newest = this.#rows[0]?.createdAt ?? 0;
    for (const run of runs) {
      if (this.#ids.has(run.id)) {
        this.#changes.set(run.id, run);
        changed = true;
        continue;
      }
      if (run.createdAt < newest || this.#new.size >= newRunsMax) continue;
      const is = belongs(run, this.#filter);
      if (is === undefined) this.#undecided = true;
      if (is === true) this.#new.add(run.id);
      changed = true;
    }
    if (changed) this.#tell();
  }

  async #reread(page: Page): Promise<void> {
    let fresh: RunPage;
    try {
      fresh = await this.#read(page.cursor, page.limit);
    } catch (error) {
      page.stale = true;
      throw error;
    }
    const byId = new Map(fresh.runs.map((run) => [run.id, run]));
    const oldest = fresh.runs.at(-1)?.createdAt ?? Number.POSITIVE_INFINITY;
    for (const { id } of page.rows) this.#changes.delete(id);
    // Of the first page new runs may have pushed rows out: those are there still.
    page.rows = page.rows.flatMap((row) => {
      const now = byId.get(row.id);
      if (now !== undefined) return [now];
      return page.cursor === null && fresh.nextCursor !== null && row.createdAt <= oldest ? [row] : [];
    });
  }

  #changed(): void {
    this.#rows = this.#pages.length === 1 ? (this.#pages[0]?.rows ?? []) : this.#pages.flatMap(({ rows }) => rows);
    this.#ids = new Set(this.#rows.map(({ id }) => id));
    for (const id of this.#new) if (this.#ids.has(id)) this.#new.delete(id);
    this.#tell();
  }

  #tell(): void {
    this.version++;
    for (const listener of this.#listeners) listener();
  }
}
