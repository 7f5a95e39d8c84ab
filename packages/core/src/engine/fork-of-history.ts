// What a fork may take over from a run that was imported: whoever brings a file in could have written into it that somebody
// approved, so what others have to say is asked again.
import type { EntryKind, JournalEntry } from "@sluice/protocol";
import { fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { JournalCursor } from "../kernel/run-store.ts";
import type { EngineParts } from "./parts.ts";

/** Entries whose outcome comes from outside of the run, or may hold one that does. */
const saidByOthers: ReadonlySet<EntryKind> = new Set(["approval", "callback", "call", "event", "race", "token"]);

/**
 * Refuses as `conflict` a fork of an imported run that would begin behind an answer from outside of it. `before`: number of the
 * entry it begins with; everything is taken over without one.
 */
export async function checkForkOfHistory(
  { store, limits }: Pick<EngineParts, "store" | "limits">,
  { run, before }: { readonly run: string; readonly before: number | undefined },
): Promise<Result<void>> {
  const answers: JournalEntry[] = [];
  let boundary: JournalEntry | undefined;
  let cursor: JournalCursor | undefined;
  do {
    const from = cursor === undefined ? {} : { from: cursor };
    const piece = await store.readJournal({ run, bytesMax: limits.journalPieceBytesMax, ...from });
    for (const entry of piece.entries) {
      if (entry.seq === before) boundary = entry;
      if (placeOf(entry) > 0 && saidByOthers.has(entry.kind)) answers.push(withoutValue(entry));
    }
    cursor = piece.next;
  } while (cursor !== undefined);
  const end = boundary === undefined ? 0 : placeOf(boundary);
  const forged = answers.find((entry) => end === 0 || placeOf(entry) < end);
  if (forged === undefined) return ok(undefined);
  return fail({
    code: "conflict",
    message: `Run ${run} was imported: a fork takes no answer from outside over from it, as that of ${forged.kind} ${JSON.stringify(forged.name)} (number ${forged.seq}).`,
    hint: `Fork it from ${forged.seq}, or from an entry before it: there it is asked for again.`,
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
