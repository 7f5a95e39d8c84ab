// Runs as files: exported whole with their journals, and kept as history where they are imported.
import {
  encodeValue,
  exportEntry,
  exportValue,
  importEntry,
  importPiece,
  importValue,
  isFinalStatus,
  runExportFormat,
  runExportVersion,
} from "@sluice/protocol";
import type { ExportedLog, ExportedPiece, ExportedRun, ExportedValue, JournalEntry, RunExport } from "@sluice/protocol";
import { fail, guarded, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { AccessFilter, Actor, ImportedRun, JournalCursor, LogLine, RunRecord } from "../kernel/run-store.ts";
import type { ImportOutcome } from "../kernel/run-history.ts";
import type { StreamChunk } from "../kernel/run-stream.ts";
import type { SealedField, SealPlace } from "../kernel/sealed.ts";
import { notFound } from "./operations.ts";
import type { Begun } from "./sealing.ts";
import type { EngineParts } from "./parts.ts";

const logPageMax = 1_000;

export class History {
  readonly #parts: EngineParts;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  /** A run with its journal and its lines, as far as it is. */
  async export(p: { readonly run: string; readonly access?: AccessFilter | undefined }): Promise<Result<RunExport>> {
    return guarded(() => this.#export(p));
  }

  async #export(p: { readonly run: string; readonly access?: AccessFilter | undefined }): Promise<Result<RunExport>> {
    // The run comes first: if it has ended by then, its journal is complete.
    const record = await this.#parts.store.getRun(p);
    if (record === undefined) return notFound(p.run);
    const run = await this.#exportRun(record);
    const journal = (await this.#journal(p.run)).map(exportEntry);
    const logs = await this.#logs(p.run);
    const stream = await this.#stream(p.run);
    return ok({ format: runExportFormat, formatVersion: runExportVersion, run, journal, logs, stream });
  }

  async #exportRun(run: RunRecord): Promise<ExportedRun> {
    const { id, workflow, version, status, createdAt, tags, priority, attempt, generation } = run;
    const { reason, startedAt, endedAt, key, inputHash, parent, schedule, forkedFrom, cause } = run;
    const { attributes, chain, continuedFrom, continuedTo } = run;
    const output = await this.#value(run.output);
    const error = await this.#value(run.error);
    const progress = await this.#value(run.progress);
    return {
      id,
      workflow,
      version,
      status,
      ...(reason === undefined ? {} : { reason }),
      input: exportValue(await this.#parts.values.load(run.input)),
      ...(output === undefined ? {} : { output }),
      ...(error === undefined ? {} : { error }),
      ...(progress === undefined ? {} : { progress }),
      createdAt,
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(endedAt === undefined ? {} : { endedAt }),
      tags,
      priority,
      ...(key === undefined ? {} : { key }),
      ...(inputHash === undefined ? {} : { inputHash }),
      ...(parent === undefined ? {} : { parent: { run: parent.run, seq: parent.seq } }),
      ...(schedule === undefined ? {} : { schedule }),
      ...(forkedFrom === undefined ? {} : { forkedFrom }),
      attempt,
      generation,
      ...(cause === undefined ? {} : { cause }),
      ...(attributes === undefined || attributes.length === 0 ? {} : { attributes }),
      ...(chain === undefined ? {} : { chain }),
      ...(continuedFrom === undefined ? {} : { continuedFrom }),
      ...(continuedTo === undefined ? {} : { continuedTo }),
    };
  }

  async #value(stored: Uint8Array | undefined): Promise<ExportedValue | undefined> {
    return stored === undefined ? undefined : exportValue(await this.#parts.values.load(stored));
  }

  async #journal(run: string): Promise<readonly JournalEntry[]> {
    const { store, limits, values } = this.#parts;
    const entries: JournalEntry[] = [];
    let from: JournalCursor | undefined;
    do {
      const where = from === undefined ? {} : { from };
      const piece = await store.readJournal({ run, bytesMax: limits.journalPieceBytesMax, ...where });
      entries.push(...(await values.loadEntries(piece.entries)));
      from = piece.next;
    } while (from !== undefined);
    return entries;
  }

  async #logs(run: string): Promise<readonly ExportedLog[]> {
    const logs: ExportedLog[] = [];
    for (let after = 0; ;) {
      const page = await this.#parts.store.listLogs({ run, after, limit: logPageMax });
      for (const stored of page) {
        const { level, message, data, at } = await this.#parts.values.loadLine(stored);
        const value = await this.#value(data);
        logs.push({ level, message, at, ...(value === undefined ? {} : { data: value }) });
      }
      if (page.length < logPageMax) return logs;
      after = page.at(-1)?.line ?? 0;
    }
  }

  async #stream(run: string): Promise<readonly ExportedPiece[]> {
    const { limits, store, values } = this.#parts;
    const pieces: ExportedPiece[] = [];
    for (;;) {
      const after = pieces.at(-1)?.no ?? 0;
      const { chunks } = await store.readStream({ run, after, bytesMax: limits.journalPieceBytesMax });
      if (chunks.length === 0) return pieces;
      for (const { step, value, ...piece } of chunks) {
        const shown = exportValue(await values.load(value));
        pieces.push({ ...piece, value: shown, ...(step === undefined ? {} : { step }) });
      }
    }
  }

  /**
   * Keeps an exported run as history, under its own id. Refused: a run that has not ended (`run_not_final`), an id or an
   * idempotency key that is taken (`run_id_taken`, `idempotency_conflict`), a journal that cannot be one (`bad_request`).
   */
  async import(p: { readonly by: Actor; readonly file: RunExport }): Promise<Result<RunRecord>> {
    return guarded(() => this.#import(p.by, p.file));
  }

  async #import(by: Actor, file: RunExport): Promise<Result<RunRecord>> {
    const { store, clock, limits } = this.#parts;
    const { run, journal, logs, stream } = file;
    if (journal.length > limits.journalEntriesMax) {
      return fail({ code: "journal_too_long", message: `The run has more than ${limits.journalEntriesMax} entries.` });
    }
    if (!isOrdered(file)) return fail({ code: "bad_request", message: "Two entries of the journal have one number." });
    const begun = this.#parts.sealer.begin(run.workflow);
    const shelf = new Shelf(this.#parts, { run: run.id, begun });
    try {
      const record = await importedRun(run, shelf);
      if (record === undefined) {
        return fail({
          code: "run_not_final",
          message: `Run ${run.id} is ${run.status}: only runs that have ended are history.`,
          hint: "Let it end where it is, and export it again.",
        });
      }
      const entries: JournalEntry[] = [];
      for (const exported of journal) entries.push(await shelf.entry(importEntry(exported)));
      const lines: LogLine[] = [];
      for (const line of logs) lines.push(await shelf.line(line, lines.length + 1));
      const kept = shelf.stream(stream, limits.streamBytesMax);
      const brought = { run: { ...record, ...begun?.row }, journal: entries, logs: lines, stream: kept };
      const imported = await store.importRun({ by, ...brought, now: clock.now() });
      if (imported.outcome === "created") return ok(imported.run);
      return refusedFor(imported, run);
    } finally {
      shelf.release();
    }
  }
}

function refusedFor(
  { outcome, run: other }: Exclude<ImportOutcome, { outcome: "created" }>,
  run: ExportedRun,
): Result<never> {
  if (outcome === "id_taken") {
    return fail({ code: "run_id_taken", message: `A run with the id ${run.id} exists already.` });
  }
  if (outcome === "chain_broken") {
    return fail({
      code: "conflict",
      message: `Run ${run.id} says that it is of a chain with run ${other.id}, which does not say so.`,
      hint: "Import the runs of a chain as they were exported, from the first to the last.",
    });
  }
  return fail({
    code: "idempotency_conflict",
    message: `Another run of ${run.workflow} has the idempotency key ${JSON.stringify(run.key)}.`,
  });
}

async function importedRun(run: ExportedRun, shelf: Shelf): Promise<ImportedRun | undefined> {
  const { status, endedAt, input, output, error, progress, parent, createdAt, ...rest } = run;
  if (!isFinalStatus(status) || endedAt === undefined) return undefined;
  const stored = {
    output: await shelf.value("output", output),
    error: await shelf.value("error", error),
    progress: await shelf.value("progress", progress),
  };
  return {
    ...rest,
    status,
    endedAt,
    createdAt,
    dueAt: createdAt,
    input: await shelf.required("input", input),
    ...(stored.output === undefined ? {} : { output: stored.output }),
    ...(stored.error === undefined ? {} : { error: stored.error }),
    ...(stored.progress === undefined ? {} : { progress: stored.progress }),
    // Whoever called it is not waiting here.
    ...(parent === undefined ? {} : { parent: { run: parent.run, seq: parent.seq, detached: true } }),
  };
}

/** Numbers and places in the order are each entry's own. */
function isOrdered({ journal }: RunExport): boolean {
  const settled = journal.filter((entry) => entry.ord > 0);
  const numbers = new Set(journal.map((entry) => entry.seq));
  return numbers.size === journal.length && new Set(settled.map((entry) => entry.ord)).size === settled.length;
}

/** Keeps large values as blobs until the rows that name them are committed, and seals those of a workflow that wants it. */
class Shelf {
  readonly #parts: EngineParts;
  readonly #run: string;
  readonly #begun: Begun | undefined;
  readonly #releases: (() => void)[] = [];

  constructor(parts: EngineParts, { run, begun }: { readonly run: string; readonly begun: Begun | undefined }) {
    this.#parts = parts;
    this.#run = run;
    this.#begun = begun;
  }

  async required(field: SealedField, value: ExportedValue): Promise<Uint8Array> {
    return this.#keep({ field }, importValue(value));
  }

  async value(field: SealedField, value: ExportedValue | undefined): Promise<Uint8Array | undefined> {
    return value === undefined ? undefined : this.required(field, value);
  }

  async line({ data, ...line }: ExportedLog, no: number): Promise<LogLine> {
    const bytes = data === undefined ? undefined : importValue(data);
    if (this.#begun !== undefined) {
      const text = encodeValue([line.message, bytes ?? null]);
      return { ...line, message: "", line: no, data: await this.#keep({ field: "log" }, text) };
    }
    return { ...line, line: no, ...(bytes === undefined ? {} : { data: await this.#keep({ field: "data" }, bytes) }) };
  }

  /** The newest pieces that are within the limit. */
  stream(pieces: readonly ExportedPiece[], bytesMax: number): readonly StreamChunk[] {
    const chunks: StreamChunk[] = [];
    let bytes = 0;
    for (const piece of pieces.toReversed()) {
      const plain = importPiece(piece);
      const value = this.#begun?.seal.seal({ run: this.#run, field: "chunk" }, plain) ?? plain;
      bytes += value.length;
      if (bytes > bytesMax) break;
      const { no, step, index, at } = piece;
      chunks.push({ no, index, at, value, ...(step === undefined ? {} : { step }) });
    }
    return chunks.toReversed();
  }

  async entry({ value, error, ...entry }: JournalEntry): Promise<JournalEntry> {
    return {
      ...entry,
      ...(value === undefined ? {} : { value: await this.#keep({ field: "value", seq: entry.seq }, value) }),
      ...(error === undefined ? {} : { error: await this.#keep({ field: "error", seq: entry.seq }, error) }),
    };
  }

  async #keep(place: Omit<SealPlace, "run">, bytes: Uint8Array): Promise<Uint8Array> {
    const { values } = this.#parts;
    if (bytes.length > values.payloadBytesMax) throw values.tooLarge("A value of the run", bytes);
    const sealed = this.#begun?.seal.seal({ run: this.#run, ...place }, bytes) ?? bytes;
    const { stored, release } = await values.keep(sealed);
    this.#releases.push(release);
    return stored;
  }

  release(): void {
    for (const release of this.#releases) release();
  }
}
