// A run that goes on as another one: the end of the first and the beginning of the second are one change.
import { handedOnTags } from "../../kernel/run-figures.ts";
import type { NewRun } from "../../kernel/run-store.ts";
import type { Change } from "./change.ts";
import { startRun } from "./create.ts";
import type { RunRow } from "./rows.ts";

/** Adds the run that takes the place of `run`, which is about to end, in everything that lives longer than one run. */
export function continueRun(change: Change, run: RunRow, next: NewRun): void {
  const { record } = run;
  const { attributes, by, chain = record.id, parent, priority, schedule, serialKey, tags } = record;
  const version = next.version === "" ? record.version : next.version;
  const inherited = {
    attributes,
    priority,
    tags: handedOnTags(tags),
    chain,
    parent,
    schedule,
    serialKey,
    version,
    continuedFrom: record.id,
  };
  // Whoever started the first has started all of it, also when the first is no longer kept.
  const started = startRun(change, { by, run: { ...next, ...inherited } });
  if (started.outcome !== "created") throw new Error(`the run ${next.id} could not be made: ${started.outcome}`);
  const { row } = started;
  record.chain = chain;
  record.continuedTo = next.id;
  row.lastEvent = run.lastEvent;
  for (const event of run.consumed) row.consumed.add(event);
  const { waits } = change.tables;
  for (const wait of waits.waitingFor("child", record.id)) waits.redirect(wait, next.id);
}
