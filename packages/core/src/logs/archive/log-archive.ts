// Archives as the store of logs uses them: which days are due, one day after the other, and each step in the order that a crash
// between any two of them can bear: files, manifest, catalog, and only then what is no longer needed.
import { existsSync } from "node:fs";
import { SluiceError } from "@sluice/protocol";
import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/log.ts";
import { daysIn } from "../storage/day.ts";
import { dayFile } from "../storage/head.ts";
import type { Tombstone } from "../storage/head.ts";
import { daysToArchive, oldestDay } from "../storage/retention.ts";
import type { Keeping } from "../storage/retention.ts";
import { newDay } from "./archive-work.ts";
import type { ArchiveFault } from "./archive-work.ts";
import type { ArchivedDay } from "./catalog.ts";
import { manifestName } from "./manifest.ts";

/** A day that was brought back stays that long. */
const restoredStayMs = 7 * 86_400_000;
const dayShape = /^\d{4}-\d\d-\d\d$/;

/** Who does what of archiving: each is a call of the thread whose work it is. */
export interface ArchiveVerbs {
  /** Of the thread that writes the head. */
  readonly catalog: () => Promise<ArchivedDay[]>;
  readonly put: (p: {
    readonly day: ArchivedDay;
    readonly garbage: readonly string[];
    readonly nowMs: number;
  }) => Promise<void>;
  readonly garbage: (beforeMs: number) => Promise<string[]>;
  readonly swept: (files: readonly string[]) => Promise<void>;
  readonly sealed: () => number;
  /** Of the one that seals: nothing else changes daily files meanwhile. */
  readonly drop: (p: { readonly day: string; readonly upTo: number }) => Promise<void>;
  /** Of one that may wait for an archive. */
  readonly archiveDay: (p: {
    readonly known: ArchivedDay;
    readonly sealed: number;
  }) => Promise<ArchivedDay | undefined>;
  readonly rewriteArchived: (p: {
    readonly known: ArchivedDay;
    readonly tombstone: Tombstone;
  }) => Promise<{ readonly day: ArchivedDay; readonly garbage: readonly string[]; readonly gone: number } | undefined>;
  readonly verifyArchived: (known: ArchivedDay) => Promise<ArchiveFault[]>;
  readonly restoreDay: (known: ArchivedDay) => Promise<void>;
  readonly remove: (files: readonly string[]) => Promise<void>;
}

export interface ArchivingOptions {
  readonly folder: string;
  readonly keeping: Keeping;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long a reader may have a file open that is no longer one of the archive. */
  readonly readersMsMax: number;
  readonly verbs: ArchiveVerbs;
  /** Work on files of days, one after the other. */
  readonly exclusive: <T>(work: () => Promise<T>) => Promise<T>;
}

/** What one round has archived of a day. */
export interface ArchivedNow {
  readonly day: string;
  readonly entries: number;
  readonly files: number;
}

export class LogArchive {
  readonly #p: ArchivingOptions;
  #failing: string | undefined;

  constructor(p: ArchivingOptions) {
    this.#p = p;
  }

  /** Why the last round came to nothing; undefined where it did not. */
  get failing(): string | undefined {
    return this.#failing;
  }

  /** Days of which something stands in the archive. */
  async days(): Promise<ArchivedDay[]> {
    return (await this.#p.verbs.catalog()).filter(({ batches }) => batches.length > 0);
  }

  /** Archives the days that are due, or all before `beforeDay`. Rejects where one cannot be; those before it are done. */
  archive(p: { readonly beforeDay?: string | undefined } = {}): Promise<ArchivedNow[]> {
    return this.#p.exclusive(() => this.#archive(p.beforeDay));
  }

  /** What happens by itself now and then. What failed is said, and tried again the next time. */
  async round(): Promise<void> {
    try {
      if ((this.#p.keeping.archiveAfterDays ?? 0) > 0) await this.archive();
      await this.#p.exclusive(() => this.#expire());
      await this.#p.exclusive(() => this.#sweep());
      this.#failing = undefined;
    } catch (error) {
      this.#failing = error instanceof Error ? error.message : String(error);
      this.#p.log("error", "logs could not be archived; they stay where they are", { error: this.#failing });
    }
  }

  async #archive(beforeDay: string | undefined): Promise<ArchivedNow[]> {
    const { folder, keeping, clock, verbs } = this.#p;
    const nowMs = clock.now();
    const known = new Map((await verbs.catalog()).map((each) => [each.day, each]));
    const due =
      beforeDay === undefined
        ? daysToArchive({ folder, keeping, nowMs })
        : daysIn(folder).flatMap(({ day }) => (day < beforeDay ? [day] : []));
    const done: ArchivedNow[] = [];
    for (const day of due) {
      const before = known.get(day) ?? newDay(day);
      const stays = before.restoredMs !== null && nowMs - before.restoredMs < restoredStayMs;
      if (stays && beforeDay === undefined) continue;
      // What a crash has left there of what is archived already.
      if (before.upTo > 0) await verbs.drop({ day, upTo: before.upTo });
      if (!existsSync(dayFile(folder, day))) continue;
      const after = await verbs.archiveDay({ known: before, sealed: verbs.sealed() });
      if (after === undefined) continue;
      await verbs.put({ day: { ...after, restoredMs: null }, garbage: [], nowMs });
      await verbs.drop({ day, upTo: after.upTo });
      const entries = after.batches.slice(before.batches.length).reduce((sum, each) => sum + each.entries, 0);
      done.push({ day, entries, files: after.batches.length - before.batches.length });
    }
    return done;
  }

  /** Files without what was deleted; answers with how many entries are gone. To be called within `exclusive`. */
  async rewrite(tombstone: Tombstone): Promise<number> {
    const { verbs, clock } = this.#p;
    let gone = 0;
    for (const known of await verbs.catalog()) {
      if (known.batches.length === 0) continue;
      const done = await verbs.rewriteArchived({ known, tombstone });
      if (done === undefined) continue;
      await verbs.put({ day: done.day, garbage: done.garbage, nowMs: clock.now() });
      gone += done.gone;
    }
    return gone;
  }

  /** Brings a day back into the daily files; its files in the archive go a while later. Answers with its entries. */
  restore(day: string): Promise<number> {
    if (!dayShape.test(day)) {
      throw new SluiceError({ code: "bad_request", message: `${day} is no day.`, hint: "Such as 2026-01-31." });
    }
    return this.#p.exclusive(async () => {
      const { verbs, clock } = this.#p;
      const known = (await verbs.catalog()).find((each) => each.day === day);
      if (known === undefined || known.batches.length === 0) {
        throw new SluiceError({ code: "not_found", message: `Nothing of ${day} is archived.` });
      }
      await verbs.drop({ day, upTo: known.upTo });
      await verbs.restoreDay(known);
      const garbage = [...known.batches.map(({ file }) => file), manifestName(day)];
      const nowMs = clock.now();
      await verbs.put({ day: { ...known, upTo: 0, batches: [], restoredMs: nowMs }, garbage, nowMs });
      return known.batches.reduce((sum, { entries }) => sum + entries, 0);
    });
  }

  /** Reads all there is, and says what is wrong with it. */
  verify(): Promise<{
    readonly days: number;
    readonly files: number;
    readonly entries: number;
    readonly faults: readonly ArchiveFault[];
  }> {
    return this.#p.exclusive(async () => {
      const found = { days: 0, files: 0, entries: 0, faults: [] as ArchiveFault[] };
      for (const known of await this.days()) {
        found.days++;
        found.files += known.batches.length;
        found.entries += known.batches.reduce((sum, { entries }) => sum + entries, 0);
        found.faults.push(...(await this.#p.verbs.verifyArchived(known)));
      }
      return found;
    });
  }

  /** Days that are kept no longer leave the archive too. */
  async #expire(): Promise<void> {
    const { keeping, clock, verbs } = this.#p;
    const nowMs = clock.now();
    const oldest = oldestDay(keeping, nowMs);
    if (oldest === undefined) return;
    for (const known of await this.days()) {
      if (known.day >= oldest) continue;
      const garbage = [...known.batches.map(({ file }) => file), manifestName(known.day)];
      await verbs.put({ day: { ...known, batches: [] }, garbage, nowMs });
    }
  }

  /** Files that no reader needs any more. A manifest that was written again meanwhile stays. */
  async #sweep(): Promise<void> {
    const { verbs, clock, readersMsMax } = this.#p;
    const files = await verbs.garbage(clock.now() - readersMsMax);
    if (files.length === 0) return;
    const needed = new Set(
      (await this.days()).flatMap(({ day, batches }) => [manifestName(day), ...batches.map(({ file }) => file)]),
    );
    await verbs.remove(files.filter((file) => !needed.has(file)));
    await verbs.swept(files);
  }
}
