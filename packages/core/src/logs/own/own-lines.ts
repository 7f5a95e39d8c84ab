// The product's own lines go where those of programs go: what runs, builds and the audit trail say is followed from where it was
// told last. How far that is goes into the commit of the lines, so a crash neither doubles nor loses any.
import { SluiceError } from "@sluice/protocol";
import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/log.ts";
import type { ProductTrail } from "../../kernel/product-trail.ts";
import type { RunRecord } from "../../kernel/run-records.ts";
import type { Place } from "../entry.ts";
import { Collector } from "../ingest/collector.ts";
import type { LogLimits } from "../limits.ts";
import type { LogStore } from "../storage/log-store.ts";
import { auditEntry } from "./audit-entries.ts";
import { BuildFollower } from "./build-follower.ts";
import { placeIn, placeText, runEntries } from "./run-entries.ts";
import type { OwnEntry, RunPlace } from "./run-entries.ts";

/** Tenants that hold the product's lines; nobody else writes to them. */
export const ownTenants = { runs: "sluice", builds: "sluice-builds", audit: "sluice-audit" } as const;

/** Runs that are read for one commit, and what is read of one of them at once. */
const roundRunsMax = 200;
const pieceBytesMax = 1024 * 1024;
const pieceLinesMax = 1_000;
const auditRowsMax = 1_000;
/** Runs that are known to have changed and were not read yet; of more it is found out by reading lists. */
const changedMax = 100_000;
/** Places of runs that are kept in memory. */
const placesMax = 10_000;
const listMax = 500;
/** How often it is looked for what nobody tells: builds and audit rows. */
const pollMs = 1_000;
/** A run that was just created may be told of a little later than its own time says. */
const createdMarginMs = 10_000;
const runPrefix = "run:";

export interface OwnLinesParts {
  readonly trail: ProductTrail;
  readonly store: Pick<LogStore, "append" | "places" | "openPlaces">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: LogLimits;
}

export class OwnLines {
  readonly #parts: OwnLinesParts;
  readonly #changed = new Set<string>();
  readonly #places = new Map<string, RunPlace>();
  readonly #builds: BuildFollower;
  #audited: number | undefined;
  #overflowed = false;
  #unlisten: () => void = () => undefined;
  #cancelTimer: (() => void) | undefined;
  #working: Promise<void> | undefined;
  #stopped = false;
  #failing = false;

  constructor(parts: OwnLinesParts) {
    this.#parts = parts;
    this.#builds = new BuildFollower(parts);
  }

  /** Follows from now on, and tells what has happened since it was stopped. */
  start(): void {
    this.#unlisten = this.#parts.trail.onRun((run) => this.#note(run));
    this.#working = this.#begin().finally(() => (this.#working = undefined));
  }

  /** Ends when the round under way has. What was not told is told after the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unlisten();
    this.#cancelTimer?.();
    await this.#working;
  }

  #note(run: string): void {
    if (this.#changed.size < changedMax) this.#changed.add(run);
    else this.#overflowed = true;
  }

  async #begin(): Promise<void> {
    await this.#quietly(async () => {
      await this.#findUntold();
      await this.#round();
    });
    this.#later();
  }

  #later(): void {
    if (this.#stopped) return;
    const { clock, limits } = this.#parts;
    const waitMs =
      this.#changed.size > 0 && !this.#failing ? limits.logOwnLinesMs : Math.max(pollMs, limits.logOwnLinesMs);
    this.#cancelTimer = clock.after(waitMs, () => {
      this.#working = this.#quietly(() => this.#round()).finally(() => {
        this.#working = undefined;
        this.#later();
      });
    });
  }

  /** Runs that were under way, and those created since: whether there is anything new is seen when they are read. */
  async #findUntold(): Promise<void> {
    const { store, trail, clock } = this.#parts;
    let after = runPrefix;
    for (;;) {
      const page = await store.openPlaces({ after, limit: listMax });
      for (const { name } of page) if (name.startsWith(runPrefix)) this.#note(name.slice(runPrefix.length));
      after = page.at(-1)?.name ?? "";
      if (page.length < listMax || !after.startsWith(runPrefix)) break;
    }
    const [mark] = await store.places(["runs"]);
    if (mark === undefined) {
      const places = [{ name: "runs", value: String(clock.now()), open: false }];
      await this.#append(ownTenants.runs, { entries: [], places });
      return;
    }
    const filter = { from: Number(mark.value) - createdMarginMs };
    let cursor: string | undefined;
    do {
      const page = await trail.runs.listRuns({ filter, limit: listMax, ...(cursor === undefined ? {} : { cursor }) });
      for (const { id } of page.runs) this.#note(id);
      cursor = page.next;
    } while (cursor !== undefined && !this.#stopped);
  }

  async #round(): Promise<void> {
    do {
      await this.#tellRuns();
    } while (this.#changed.size >= roundRunsMax && !this.#stopped);
    await this.#tellAudit();
    await this.#builds.tell((entries, places) => this.#append(ownTenants.builds, { entries, places }));
    if (this.#overflowed && this.#changed.size === 0) {
      this.#overflowed = false;
      await this.#findUntold();
    }
  }

  async #tellRuns(): Promise<void> {
    const fromMs = this.#parts.clock.now();
    const ids = [...this.#changed].slice(0, roundRunsMax);
    if (ids.length === 0) return;
    for (const id of ids) this.#changed.delete(id);
    const isAll = this.#changed.size === 0 && !this.#overflowed;
    try {
      await this.#readPlaces(ids);
      const told = await Promise.all(ids.map((id) => this.#tellRun(id)));
      const found = told.filter((each) => each !== undefined);
      const places: Place[] = found.map(({ id, place }) => {
        return { name: runPrefix + id, value: placeText(place), open: place.stage !== "ended" };
      });
      const mark = isAll ? [{ name: "runs", value: String(fromMs), open: false }] : [];
      const entries = found.flatMap((each) => each.entries).toSorted((a, b) => a.timeMs - b.timeMs);
      if (entries.length > 0) await this.#append(ownTenants.runs, { entries, places: [...places, ...mark] });
      for (const { id, place } of found) this.#keep(id, place);
      for (const { id, more } of found) if (more) this.#changed.add(id);
    } catch (error) {
      for (const id of ids) this.#note(id);
      throw error;
    }
  }

  async #tellRun(
    id: string,
  ): Promise<
    | { readonly id: string; readonly entries: readonly OwnEntry[]; readonly place: RunPlace; readonly more: boolean }
    | undefined
  > {
    const { runs } = this.#parts.trail;
    const run: RunRecord | undefined = await runs.getRun({ run: id });
    if (run === undefined) return undefined;
    const place = this.#places.get(id);
    const from = { after: place?.ord ?? 0, open: false };
    const [piece, lines] = await Promise.all([
      runs.readJournal({ run: id, from, bytesMax: pieceBytesMax }),
      runs.listLogs({ run: id, after: place?.line ?? 0, limit: pieceLinesMax }),
    ]);
    // What stands open is not told, so a piece that has come to that is the last one.
    const settled = piece.entries.filter(({ ord }) => ord > 0);
    const more = lines.length === pieceLinesMax || (piece.next !== undefined && !piece.next.open);
    const { clock, limits } = this.#parts;
    const nowMs = clock.now();
    const sinceMs = nowMs - limits.logKeysKeptMs;
    return { id, more, ...runEntries({ run, journal: settled, lines, more, place, sinceMs, nowMs }) };
  }

  async #readPlaces(ids: readonly string[]): Promise<void> {
    const wanted = ids.filter((id) => !this.#places.has(id)).map((id) => runPrefix + id);
    if (wanted.length === 0) return;
    for (const { name, value } of await this.#parts.store.places(wanted)) {
      this.#places.set(name.slice(runPrefix.length), placeIn(value));
    }
  }

  /** Those that have not moved for longest are forgotten first: they are read again. */
  #keep(id: string, place: RunPlace): void {
    this.#places.delete(id);
    this.#places.set(id, place);
    for (const [oldest] of this.#places) {
      if (this.#places.size <= placesMax) break;
      this.#places.delete(oldest);
    }
  }

  async #tellAudit(): Promise<void> {
    const { trail, store } = this.#parts;
    if (this.#audited === undefined) {
      const [place] = await store.places(["audit"]);
      this.#audited = place === undefined ? (await trail.audit.auditHead()).seq : Number(place.value);
    }
    for (;;) {
      const rows = await trail.audit.readAudit({ after: this.#audited, limit: auditRowsMax });
      const last = rows.at(-1);
      if (last === undefined) return;
      const places = [{ name: "audit", value: String(last.seq), open: false }];
      await this.#append(ownTenants.audit, { entries: rows.map(auditEntry), places });
      this.#audited = last.seq;
      if (rows.length < auditRowsMax) return;
    }
  }

  async #append(
    tenant: string,
    { entries, places }: { readonly entries: readonly OwnEntry[]; readonly places: readonly Place[] },
  ): Promise<void> {
    const collector = new Collector({ ...this.#parts.limits, logEntriesMax: Infinity });
    for (const { labels, ...entry } of entries) collector.add(collector.stream(labels), labels, entry);
    await this.#parts.store.append({ ...collector.batch(tenant), places });
  }

  /** What could not be told is told in a later round; it is said once. */
  async #quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#failing = false;
    } catch (error) {
      if (!this.#failing && !this.#stopped) {
        const said = error instanceof SluiceError ? `${error.code}: ${error.message}` : String(error);
        this.#parts.log("warn", "own lines could not be written to the logs", { error: said });
      }
      this.#failing = true;
    }
  }
}
