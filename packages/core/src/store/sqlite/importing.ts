// Runs that ended elsewhere, written as history: a row that was never ready, its journal, its lines.
import type { ImportOutcome } from "../../kernel/run-history.ts";
import type { RunStore } from "../../kernel/run-store.ts";
import { brokenLink } from "../chain-links.ts";
import { readiness, runFlags, type Run } from "./run-row.ts";
import type { Tables } from "./tables.ts";

const continuedSql = "UPDATE runs SET continued_to = ? WHERE id = ?";

type Params = Parameters<RunStore["importRun"]>[0];

export function importRun(t: Tables, p: Params): ImportOutcome {
  const { run, by, now } = p;
  const other = run.key === undefined ? undefined : t.runs.byKey(run.workflow, run.key);
  const taken = t.runs.record(run.id) ?? (other === undefined ? undefined : t.runs.record(other.id));
  if (taken !== undefined) return { outcome: taken.id === run.id ? "id_taken" : "conflict", run: taken };
  const broken = run.chain === undefined ? undefined : brokenLink(run, (id) => t.runs.record(id));
  if (broken !== undefined) return { outcome: "chain_broken", run: broken };
  const { no } = readiness;
  const flags = (run.tags.length > 0 ? runFlags.tags : 0) | (run.payloadKey === undefined ? 0 : runFlags.sealed);
  const place = { status: "queued", reason: null, ready: no, owner: null, flags, now } as const;
  const row = t.runs.insert(run, { ...place, by: { kind: "import", id: by.id } });
  if (run.payloadKey !== undefined && run.newKey !== undefined) t.payloadKeys.put(run.payloadKey, run.newKey, now);
  end(row, p);
  for (const value of [run.input, run.output, run.error, run.progress]) noteBlob(t, row, value);
  if (run.progress !== undefined) t.runs.setProgress(run.id, run.progress);
  writeJournal(t, row, p.journal);
  for (const line of p.logs) {
    t.logs.add(run.id, { op: "log", ...line });
    noteBlob(t, row, line.data);
  }
  if (p.logs.length > 0) row.flags |= runFlags.logs;
  findable(t, row, p);
  t.runs.save(row);
  t.runs.flush();
  return { outcome: "created", run: t.runs.recordOf(row) };
}

function end(row: Run, { run }: Params): void {
  row.status = run.status;
  row.reason = run.reason ?? null;
  row.attempt = run.attempt;
  row.generation = run.generation;
  row.startedAt = run.startedAt ?? null;
  row.endedAt = run.endedAt;
  row.cause = run.cause ?? null;
  row.results = { output: run.output ?? null, error: run.error ?? null };
}

function writeJournal(t: Tables, row: Run, journal: Params["journal"]): void {
  for (const entry of journal) {
    t.journal.put({ ...entry, run: row.id, undo: entry.undo === true });
    if (entry.place !== undefined) t.journal.setPlace(row.id, entry.seq, entry.place);
    noteBlob(t, row, entry.value);
    noteBlob(t, row, entry.error);
    row.ord = Math.max(row.ord, entry.ord, entry.place ?? 0);
    if (entry.undo === true) row.undos++;
  }
}

/** Its attributes, its chain, and what it streamed. */
function findable(t: Tables, row: Run, { run, stream = [] }: Params): void {
  if (run.attributes !== undefined && run.attributes.length > 0) {
    t.attributes.set(row, run.attributes);
    row.flags |= runFlags.attributes;
  }
  if (run.continuedTo !== undefined) t.db.run(continuedSql, [run.continuedTo, run.id]);
  if (stream.length === 0) return;
  t.streams.restore(row.id, stream);
  row.flags |= runFlags.stream;
}

function noteBlob(t: Tables, row: Run, value: Uint8Array | undefined): void {
  if (t.blobs.note(row.id, value)) row.flags |= runFlags.blobs;
}
