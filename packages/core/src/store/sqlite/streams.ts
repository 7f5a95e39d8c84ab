// The tables of streamed output: a row for the pieces that came together, and how far each run has come.
import { decodeValue, encodeValue } from "@sluice/protocol";
import type { StoreOp } from "../../kernel/run-store.ts";
import { knownPieces, type RunStreamStore, type StreamChunk } from "../../kernel/run-stream.ts";
import type { Connection } from "./connection.ts";
import { lazily } from "./statement.ts";

type Op = Extract<StoreOp, { op: "chunk" }>;

const stateSql = "SELECT next, bytes, life, ord, place FROM run_streams WHERE run = ?";
const saveSql = "INSERT OR REPLACE INTO run_streams (run, next, bytes, life, ord, place) VALUES (?, ?, ?, ?, ?, ?)";
const addSql = `INSERT INTO run_chunks (run, no, count, seq, step, attempt, first_index, at, bytes, pieces)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const firstSql = "SELECT no, bytes FROM run_chunks WHERE run = ? ORDER BY no LIMIT 1";
const deleteSql = "DELETE FROM run_chunks WHERE run = ? AND no = ?";
const deleteAllSql = "DELETE FROM run_chunks WHERE run = ?";
const forgetSql = "DELETE FROM run_streams WHERE run = ?";
const readSql = `SELECT no, count, seq, step, attempt, first_index AS firstIndex, at, bytes, pieces FROM run_chunks
  WHERE run = ?1 AND no >= coalesce((SELECT max(no) FROM run_chunks WHERE run = ?1 AND no <= ?2), 0) ORDER BY no`;

/** Pieces in one row that came from elsewhere, as many as come together here. */
const rowPiecesMax = 128;

interface State {
  readonly next: number;
  readonly bytes: number;
  readonly life: number | null;
  readonly ord: number | null;
  readonly place: number | null;
}

interface Row {
  readonly no: number;
  readonly count: number;
  readonly seq: number | null;
  readonly step: string | null;
  readonly attempt: number | null;
  readonly firstIndex: number;
  readonly at: number;
  readonly bytes: number;
  readonly pieces: Uint8Array;
}

export class StreamTable {
  readonly #state;
  readonly #save;
  readonly #add;
  readonly #first;
  readonly #delete;
  readonly #deleteAll;
  readonly #forget;

  constructor(db: Connection) {
    this.#state = lazily<State>(db, stateSql);
    this.#save = lazily(db, saveSql);
    this.#add = lazily(db, addSql);
    this.#first = lazily<{ no: number; bytes: number }>(db, firstSql);
    this.#delete = lazily(db, deleteSql);
    this.#deleteAll = lazily(db, deleteAllSql);
    this.#forget = lazily(db, forgetSql);
  }

  /** Adds pieces behind those that are there, and lets the oldest go where there are too many bytes. */
  add(run: string, op: Op): void {
    const state = this.#state().get(run) ?? { next: 1, bytes: 0, life: null, ord: null, place: null };
    const { life, ord, place } = state;
    const last = life === null || ord === null || place === null ? undefined : ([life, ord, place] as const);
    const known = op.step === undefined ? knownPieces(op.place, op.values.length, last) : 0;
    const values = op.values.slice(known);
    if (values.length === 0) return;
    const pieces = encodeValue(values);
    const index = op.place[2] + known;
    // prettier-ignore
    this.#add().run(run, state.next, values.length, op.step?.seq ?? null, op.step?.name ?? null, op.step?.attempt ?? null,
      index, op.at, pieces.length, pieces);
    const bytes = this.#keep(run, state.bytes + pieces.length, op.keepBytes);
    const now = op.step === undefined ? [op.place[0], op.place[1], index + values.length - 1] : [life, ord, place];
    this.#save().run(run, state.next + values.length, bytes, ...now);
  }

  /** Pieces of a run that came from elsewhere, under their own numbers. */
  restore(run: string, chunks: readonly StreamChunk[]): void {
    let kept = 0;
    for (const together of inRows(chunks)) {
      const [{ no, step, index, at }] = together;
      const pieces = encodeValue(together.map(({ value }) => value));
      // prettier-ignore
      this.#add().run(run, no, together.length, step?.seq ?? null, step?.name ?? null, step?.attempt ?? null,
        index, at, pieces.length, pieces);
      kept += pieces.length;
    }
    this.#save().run(run, (chunks.at(-1)?.no ?? 0) + 1, kept, null, null, null);
  }

  #keep(run: string, bytes: number, keepBytes: number): number {
    let left = bytes;
    while (left > keepBytes) {
      const oldest = this.#first().get(run);
      if (oldest === null) return 0;
      this.#delete().run(run, oldest.no);
      left -= oldest.bytes;
    }
    return left;
  }

  deleteAll(run: string): void {
    this.#deleteAll().run(run);
    this.#forget().run(run);
  }
}

type Together = [StreamChunk, ...StreamChunk[]];

/** Pieces that one row can hold: of one attempt, one behind the other, at one time. */
function inRows(chunks: readonly StreamChunk[]): readonly Together[] {
  const rows: Together[] = [];
  for (const chunk of chunks) {
    const row = rows.at(-1);
    if (row !== undefined && row.length < rowPiecesMax && follows(row, chunk)) row.push(chunk);
    else rows.push([chunk]);
  }
  return rows;
}

function follows(row: Together, chunk: StreamChunk): boolean {
  const [first] = row;
  const { at, index, step } = chunk;
  const same =
    first.step?.seq === step?.seq && first.step?.name === step?.name && first.step?.attempt === step?.attempt;
  return same && first.at === at && first.index + row.length === index;
}

export function readStream(
  db: Connection,
  p: Parameters<RunStreamStore["readStream"]>[0],
): Awaited<ReturnType<RunStreamStore["readStream"]>> {
  const chunks: StreamChunk[] = [];
  const rows = db.prepare<Row>(readSql);
  let bytes = 0;
  try {
    for (const row of rows.iterate(p.run, p.after)) {
      if (row.no + row.count - 1 <= p.after) continue;
      if (chunks.length > 0 && bytes + row.bytes > p.bytesMax) break;
      bytes += row.bytes;
      chunks.push(...chunksOf(row).filter(({ no }) => no > p.after));
    }
  } finally {
    rows.finalize();
  }
  const next = db.rows<State>(stateSql, p.run)[0]?.next ?? 1;
  return { chunks, first: db.rows<{ no: number }>(firstSql, p.run)[0]?.no ?? next };
}

function chunksOf(row: Row): readonly StreamChunk[] {
  const { seq, step: name, attempt } = row;
  const step = seq === null || name === null || attempt === null ? {} : { step: { seq, name, attempt } };
  return (decodeValue(row.pieces) as readonly Uint8Array[]).map((value, at) => ({
    no: row.no + at,
    ...step,
    index: row.firstIndex + at,
    at: row.at,
    value,
  }));
}
