// How long entries are kept: whole days, by their age and by the room they take. Keeping less is removing files.
import { daysIn, removeDay } from "./day.ts";
import { dayOf } from "./head.ts";
import { untold } from "./steps.ts";
import type { StepTold } from "./steps.ts";

const dayMs = 86_400_000;

export interface Keeping {
  /** Whole days before today; 0 is for ever. */
  readonly keepDays: number;
  /** Of daily files; 0 is any number. */
  readonly keepBytes: number;
  /** Whole days after which entries move into the archive; without it, or at 0, they do not. */
  readonly archiveAfterDays?: number | undefined;
}

/** Days that are due for the archive: by age, then the oldest ones until the rest fits; today stays. */
export function daysToArchive(p: {
  readonly folder: string;
  readonly keeping: Keeping;
  readonly nowMs: number;
}): string[] {
  const { keepBytes, archiveAfterDays = 0 } = p.keeping;
  if (archiveAfterDays <= 0) return [];
  const first = dayOf(Math.max(0, p.nowMs - archiveAfterDays * dayMs));
  const today = dayOf(p.nowMs);
  const days = daysIn(p.folder);
  let bytes = days.reduce((sum, day) => sum + day.bytes, 0);
  const due: string[] = [];
  for (const { day, bytes: own } of days) {
    if (day >= first && !(keepBytes > 0 && bytes > keepBytes && day < today)) continue;
    bytes -= own;
    due.push(day);
  }
  return due;
}

/** The oldest day that is kept; undefined where all are. */
export function oldestDay({ keepDays }: Keeping, nowMs: number): string | undefined {
  return keepDays <= 0 ? undefined : dayOf(Math.max(0, nowMs - keepDays * dayMs));
}

/**
 * Removes days that are too old, then the oldest ones until the rest fits; today stays. Answers with those that are gone. Where there
 * is an archive, days that should be in it are not removed before they are: archiving may just be failing.
 */
export function removeOld(p: {
  readonly folder: string;
  readonly keeping: Keeping;
  readonly nowMs: number;
  readonly step?: StepTold | undefined;
}): string[] {
  const { folder, keeping, nowMs } = p;
  const step = p.step ?? untold;
  const oldest = oldestDay(keeping, nowMs);
  const today = dayOf(nowMs);
  const { keepDays, archiveAfterDays = 0 } = keeping;
  const archives = archiveAfterDays > 0;
  const days = daysIn(folder);
  let bytes = days.reduce((sum, day) => sum + day.bytes, 0);
  const gone: string[] = [];
  for (const { day, bytes: own } of days) {
    const tooOld = oldest !== undefined && day < oldest && !(archives && archiveAfterDays < keepDays);
    const tooMuch = !archives && keeping.keepBytes > 0 && bytes > keeping.keepBytes && day < today;
    if (!tooOld && !tooMuch) continue;
    step("unlink");
    removeDay(folder, day);
    step("unlinked");
    bytes -= own;
    gone.push(day);
  }
  return gone;
}
