// For tests of archives: a folder of logs and its archive on one thread, where each step can be cut short.
import { SimulatedClock } from "../../testing/index.ts";
import { dropArchived } from "../storage/day.ts";
import { noonMs } from "../storage/entries.fixture.suite.ts";
import { LogFolder } from "../storage/folder.fixture.suite.ts";
import type { LogFiles } from "../storage/log-files.ts";
import type { StepTold } from "../storage/steps.ts";
import { untold } from "../storage/steps.ts";
import { usualPlace } from "./archive-reads.ts";
import { archiveDay, restoreDay, rewriteArchived, verifyArchived } from "./archive-work.ts";
import type { ArchiveFormat } from "./catalog.ts";
import { LogArchive } from "./log-archive.ts";
import type { ArchiveVerbs } from "./log-archive.ts";
import { targetAt } from "./target.ts";
import type { ArchiveTarget } from "./target.ts";

export class ArchiveRig implements Disposable {
  readonly folder = new LogFolder();
  readonly clock = new SimulatedClock(noonMs);
  readonly said: string[] = [];

  get target(): ArchiveTarget {
    return targetAt(usualPlace(this.folder.path));
  }

  /** The archive of some open files. */
  archive(
    files: LogFiles,
    p: {
      readonly format?: ArchiveFormat;
      readonly step?: StepTold;
      readonly target?: ArchiveTarget;
      readonly keepDays?: number;
      readonly keepBytes?: number;
      readonly archiveAfterDays?: number;
    } = {},
  ): LogArchive {
    const { step = untold } = p;
    const tools = { target: p.target ?? this.target, format: p.format ?? "chunks", step };
    const folder = this.folder.path;
    const verbs: ArchiveVerbs = {
      sealed: () => files.state.sealed,
      catalog: async () => files.catalog.days(),
      put: async (change) => files.catalog.put(change),
      garbage: async (beforeMs) => files.catalog.garbage(beforeMs),
      swept: async (gone) => files.catalog.swept(gone),
      drop: async (dropped) => dropArchived({ folder, ...dropped, step }),
      archiveDay: ({ known, sealed }) => archiveDay({ folder, known, sealed }, tools),
      rewriteArchived: ({ known, tombstone }) => rewriteArchived(known, tombstone, tools),
      verifyArchived: (known) => verifyArchived(known, tools.target),
      restoreDay: (known) => restoreDay({ folder, known }, tools),
      remove: async (gone) => {
        step("sweep");
        for (const file of gone) await tools.target.remove(file);
        step("swept");
      },
    };
    return new LogArchive({
      folder,
      verbs,
      clock: this.clock,
      log: (_level, message) => void this.said.push(message),
      keeping: {
        keepDays: p.keepDays ?? 0,
        keepBytes: p.keepBytes ?? 0,
        archiveAfterDays: p.archiveAfterDays ?? 30,
      },
      readersMsMax: 60_000,
      exclusive: (work) => work(),
    });
  }

  /** Lines of everything, how often each is found. */
  lines(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { line } of this.folder.all()) counts.set(line, (counts.get(line) ?? 0) + 1);
    return counts;
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}
