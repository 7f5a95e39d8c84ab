// A run that goes on as another one: the end of the first and the beginning of the second are one change.
import { handedOnTags } from "../../kernel/run-figures.ts";
import type { NewRun } from "../../kernel/run-store.ts";
import type { Change } from "./change.ts";
import { insertRun } from "./creation.ts";
import { readiness, runFlags, type Run } from "./run-row.ts";

const continueSql = "UPDATE runs SET chain = ?, continued_to = ? WHERE id = ?";
const takeEventsSql = `UPDATE runs SET last_event = (SELECT last_event FROM runs AS earlier WHERE earlier.id = ?)
  WHERE id = ?`;

/** Adds the run that takes the place of `run`, which is about to end, in everything that lives longer than one run. */
export function continueRun(cx: Change, run: Run, next: NewRun): void {
  const { events, runs, waits } = cx.t;
  const { attributes, by, chain = run.id, parent, priority, schedule, serialKey, tags } = runs.recordOf(run);
  const inserted = insertRun(cx, {
    // Whoever started the first has started all of it, also when the first is no longer kept.
    by,
    run: {
      ...next,
      version: next.version === "" ? run.version : next.version,
      priority,
      tags: handedOnTags(tags),
      chain,
      continuedFrom: run.id,
      ...(attributes === undefined ? {} : { attributes }),
      ...(parent === undefined ? {} : { parent }),
      ...(schedule === undefined ? {} : { schedule }),
      ...(serialKey === undefined ? {} : { serialKey }),
    },
    now: cx.now,
  });
  if (inserted.outcome !== "created") throw new Error(`the id ${next.id} of a new run is taken`);
  if (inserted.run.ready === readiness.claimable) cx.ready++;
  cx.t.db.run(continueSql, [chain, next.id, run.id]);
  // It sees the events that were there for the first.
  cx.t.db.run(takeEventsSql, [run.id, next.id]);
  if ((run.flags & runFlags.awaited) !== 0) {
    waits.moveChild(run.id, next.id);
    runs.mark(inserted.run, runFlags.awaited);
  }
  if ((run.flags & runFlags.consumed) !== 0) {
    events.carryConsumed(run.id, next.id);
    runs.mark(inserted.run, runFlags.consumed);
  }
}
