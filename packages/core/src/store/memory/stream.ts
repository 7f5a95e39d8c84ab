// Streamed output of runs: pieces in the order in which they came, the oldest gone where there are too many bytes.
import { encodeValue } from "@sluice/protocol";
import type { StoreOp } from "../../kernel/run-store.ts";
import { knownPieces, type RunStreamStore, type StreamChunk } from "../../kernel/run-stream.ts";
import type { RunRow, StreamRow } from "./rows.ts";

type Op = Extract<StoreOp, { readonly op: "chunk" }>;

export function appendChunk(run: RunRow, op: Op): void {
  const stream = (run.stream ??= { batches: [], next: 1, last: undefined });
  const known = op.step === undefined ? knownPieces(op.place, op.values.length, stream.last) : 0;
  const values = op.values.slice(known);
  if (values.length === 0) return;
  const index = op.place[2] + known;
  const step = op.step === undefined ? {} : { step: op.step };
  const chunks = values.map((value, at) => ({ no: stream.next + at, ...step, index: index + at, at: op.at, value }));
  stream.batches.push({ chunks, bytes: encodeValue(values).length });
  stream.next += values.length;
  if (op.step === undefined) stream.last = [op.place[0], op.place[1], index + values.length - 1];
  while (bytesOf(stream) > op.keepBytes) stream.batches.shift();
}

/** The stream of a run that came from elsewhere: its pieces under their own numbers. */
export function restoredStream(chunks: readonly StreamChunk[]): StreamRow {
  const batches = chunks.map((chunk) => ({ chunks: [chunk], bytes: encodeValue([chunk.value]).length }));
  return { batches, next: (chunks.at(-1)?.no ?? 0) + 1, last: undefined };
}

function bytesOf({ batches }: StreamRow): number {
  return batches.reduce((sum, { bytes }) => sum + bytes, 0);
}

export function readStream(
  run: RunRow | undefined,
  { after, bytesMax }: Parameters<RunStreamStore["readStream"]>[0],
): Awaited<ReturnType<RunStreamStore["readStream"]>> {
  const stream = run?.stream;
  const chunks: StreamChunk[] = [];
  let bytes = 0;
  for (const batch of stream?.batches ?? []) {
    const fresh = batch.chunks.filter(({ no }) => no > after);
    if (fresh.length === 0) continue;
    if (chunks.length > 0 && bytes + batch.bytes > bytesMax) break;
    bytes += batch.bytes;
    chunks.push(...fresh);
  }
  return { chunks, first: stream?.batches[0]?.chunks[0]?.no ?? stream?.next ?? 1 };
}
