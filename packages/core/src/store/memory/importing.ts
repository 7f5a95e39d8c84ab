// Runs that ended elsewhere, kept as history: a row that was never ready, its journal, its lines.
import type { ImportOutcome } from "../../kernel/run-history.ts";
import type { RunStore } from "../../kernel/run-store.ts";
import { brokenLink } from "../chain-links.ts";
import { putKey } from "./payload-keys/payload-keys.ts";
import type { EntryRow, RunRow } from "./rows.ts";
import { toRecord } from "./runs.ts";
import { restoredStream } from "./stream.ts";
import type { Tables } from "./tables.ts";

type Params = Parameters<RunStore["importRun"]>[0];

export function importRun(tables: Tables, { by, run, journal, logs, stream = [], now }: Params): ImportOutcome {
  const { runs, tally } = tables;
  const taken = runs.get(run.id);
  if (taken !== undefined) return { outcome: "id_taken", run: toRecord(taken) };
  const other = run.key === undefined ? undefined : runs.findByKey(run.workflow, run.key);
  if (other !== undefined) return { outcome: "conflict", run: toRecord(other) };
  const broken = run.chain === undefined ? undefined : brokenLink(run, (id) => runs.get(id)?.record);
  const link = broken === undefined ? undefined : runs.get(broken.id);
  if (link !== undefined) return { outcome: "chain_broken", run: toRecord(link) };
  const { status, endedAt, workflow, createdAt } = run;
  const row = runs.add(run, { kind: "import", id: by.id });
  if (run.payloadKey !== undefined && run.newKey !== undefined)
    putKey(tables.payloadKeys, { id: run.payloadKey, key: run.newKey, now });
  runs.endSerial(row);
  tally.count(workflow, createdAt, { status: "created" });
  tally.count(workflow, endedAt, { status, durationMs: endedAt - createdAt });
  row.lastEvent = tables.events.last;
  const { reason, startedAt, output, error, progress, cause, attempt, generation, continuedTo } = run;
  Object.assign(row.record, {
    status,
    reason,
    startedAt,
    endedAt,
    output,
    error,
    progress,
    cause,
    attempt,
    generation,
    continuedTo,
  });
  for (const entry of journal.toSorted((a, b) => a.ord - b.ord)) addEntry(row, { ...entry });
  row.logs.push(...logs.map((line, index) => ({ ...line, line: index + 1 })));
  if (stream.length > 0) row.stream = restoredStream(stream);
  return { outcome: "created", run: toRecord(row) };
}

function addEntry(run: RunRow, entry: EntryRow["entry"]): void {
  const row: EntryRow = { run, entry };
  run.entries.set(entry.seq, row);
  if (entry.ord === 0) run.open.set(entry.seq, row);
  else run.settled.push(row);
  run.record.ord = Math.max(run.record.ord, entry.ord, entry.place ?? 0);
  if (entry.undo === true) run.undos++;
}
