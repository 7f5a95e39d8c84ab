// What a fork may take over from a run that was imported: whoever brings a file in could have written into it that somebody
// approved, or what a step has found, so both are asked for again unless somebody who may answers for the file.
import type { EntryKind, JournalEntry } from "@sluice/protocol";
import { fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { JournalCursor } from "../kernel/run-store.ts";
import type { EngineParts } from "./parts.ts";

/** Entries whose outcome comes from outside of the run, or may hold one that does. */
const saidByOthers: ReadonlySet<EntryKind> = new Set(["approval", "callback", "call", "event", "race", "token"]);

export interface HistoryFork {
  readonly run: string;
  /** Number of the entry it begins with; everything is taken over without one. */
  readonly before: number | undefined;
  /** Somebody who may answers for what the steps have found. */
  readonly trusted: boolean;
}

/**
 * Refuses as `conflict` a fork of an imported run that would begin behind an answer from outside of it, and one that is not
 * trusted behind any result.
 */
export async function checkForkOfHistory(
  { store, limits }: Pick<EngineParts, "store" | "limits">,
  { run, before, trusted }: HistoryFork,
): Promise<Result<void>> {
  const answers: JournalEntry[] = [];
  let boundary: JournalEntry | undefined;
  let cursor: JournalCursor | undefined;
  do {
    const from = cursor === undefined ? {} : { from: cursor };
    const piece = await store.readJournal({ run, bytesMax: limits.journalPieceBytesMax, ...from });
    for (const entry of piece.entries) {
      if (entry.seq === before) boundary = entry;
      if (placeOf(entry) > 0 && (!trusted || saidByOthers.has(entry.kind))) answers.push(withoutValue(entry));
    }
    cursor = piece.next;
  } while (cursor !== undefined);
  const end = boundary === undefined ? 0 : placeOf(boundary);
  const taken = answers.filter((entry) => end === 0 || placeOf(entry) < end);
  const forged = taken.find(({ kind }) => saidByOthers.has(kind));
  if (forged === undefined) return taken.length === 0 ? ok(undefined) : untrusted(run);
  return fail({
    code: "conflict",
    message: `Run ${run} was imported: a fork takes no answer from outside over from it, as that of ${forged.kind} ${JSON.stringify(forged.name)} (number ${forged.seq}).`,
    hint: `Fork it from ${forged.seq}, or from an entry before it: there it is asked for again.`,
  });
}

function untrusted(run: string): Result<never> {
  return fail({
    code: "conflict",
    message: `Run ${run} was imported: a fork takes no results over from it, which whoever brought the file could have written.`,
    hint: "Fork it from its first entry, where everything is done again, or say that the file is trusted (trustImported, sluice runs fork --trust-imported), which needs the permission run:trust.",
  });
}

/** Where the store cuts, for a fork. */
function placeOf({ place, ord }: JournalEntry): number {
  return place ?? ord;
}

/** Names and places are enough to remember of a long journal. */
function withoutValue({ value: _value, error: _error, ...entry }: JournalEntry): JournalEntry {
  return entry;
}
