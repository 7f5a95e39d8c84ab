// Texts as templates and values: what a program says a thousand times stands once, and the values of one place beside one another.
import { ByteWriter } from "./bytes.ts";
import { widthOf, writeDigits, writeTexts } from "./digit-values.ts";
import type { Pieces } from "./line-pieces.ts";
import { digitsByte, idByte, timeByte, timeChars } from "./line-pieces.ts";
import type { PlainTexts } from "./texts.ts";

const zstdLevel = 3;
const packedBytesMin = 48;
/** Row numbers of templates take a byte each up to so many. */
export const byteTemplatesMax = 256;
/** Lines that are looked at for whether they hold their own time. */
const sampleLines = 16;

interface Slot {
  readonly kind: number;
  /** Beginning and end of each value, one after the other. */
  readonly places: number[];
}

interface Template {
  readonly index: number;
  readonly bytes: Buffer;
  readonly slots: readonly Slot[];
}

/**
 * Body of the code `templates`: four frames (bytes unpacked, bytes stored, content; zstd where those differ). The first holds which
 * bytes stand beside a slot (a bit each), the templates (their lengths, then all of them), the template of each row, and what each
 * slot says of its values; the second numbers as texts, the third ids, the last
 * numbers in bits. A slot of the time has no values: it is the time of the row. `timeMs`: of each row.
 */
export function templatesOf({ bytes, starts }: PlainTexts, pieces: Pieces, timeMs: ArrayLike<number>): ByteWriter {
  const known = new Map<number, Template[]>();
  const templates: Template[] = [];
  const rows = new Uint32Array(starts.length - 1);
  const timeIn = timesIn(bytes, starts, timeMs);
  for (let row = 0; row < rows.length; row++) {
    pieces.read(bytes, { from: starts[row] ?? 0, to: starts[row + 1] ?? 0, time: timeIn(row) });
    const template = templateOf(known, templates, pieces);
    rows[row] = template.index;
    for (let i = 0; i < pieces.count; i++) {
      template.slots[i]?.places.push(pieces.values[i * 2] ?? 0, pieces.values[i * 2 + 1] ?? 0);
    }
  }
  const meta = new ByteWriter();
  writeTable(meta, templates);
  if (templates.length > byteTemplatesMax) for (const row of rows) meta.varint(row);
  else if (templates.length > 1) meta.raw(Uint8Array.from(rows));
  const frames = { digits: new ByteWriter(), ids: new ByteWriter(), bits: new ByteWriter() };
  for (const { slots } of templates) {
    for (const { kind, places } of slots) {
      if (kind === digitsByte) writeDigits(meta, frames, { bytes, places });
      if (kind !== idByte) continue;
      const before = frames.ids.length;
      const width = widthOf(places);
      writeTexts(frames.ids, { bytes, places }, width);
      meta.varint(width);
      meta.varint(frames.ids.length - before);
    }
  }
  const out = new ByteWriter();
  for (const frame of [meta, frames.digits, frames.ids, frames.bits]) writeFrame(out, frame.taken());
  return out;
}

/** A needle that is in none of them, and holds no byte that stands beside a slot, is inside of a value or nowhere. */
function writeTable(meta: ByteWriter, templates: readonly Template[]): void {
  const beside = new Uint8Array(32);
  const note = (byte: number | undefined): void => {
    if (byte !== undefined) beside[byte >>> 3] = (beside[byte >>> 3] ?? 0) | (1 << (byte & 7));
  };
  for (const { bytes } of templates) {
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      if (byte > timeByte) continue;
      if (byte === 0) {
        // Whatever is escaped may stand beside a slot, and breaks a text in two: both are looked at closely.
        beside.fill(0xff);
        at++;
      } else {
        note(bytes[at - 1]);
        note(bytes[at + 1]);
      }
    }
  }
  meta.raw(beside);
  meta.varint(templates.length);
  for (const { bytes } of templates) meta.varint(bytes.length);
  for (const { bytes } of templates) meta.raw(bytes);
}

/** Where the time of a row stands in its text, in ISO 8601 with milliseconds; -1 where it does not, or where few do. */
function timesIn(bytes: Buffer, starts: Uint32Array, timeMs: ArrayLike<number>): (row: number) => number {
  let usual = 0;
  const find = (row: number): number => {
    const [from, to] = [starts[row] ?? 0, starts[row + 1] ?? 0];
    const text = new Date(timeMs[row] ?? 0).toISOString();
    // Lines of one program have it in one place.
    const there = from + usual;
    if (there + timeChars <= to && bytes.toString("latin1", there, there + timeChars) === text) return there;
    const at = bytes.subarray(from, to).indexOf(text);
    if (at < 0) return -1;
    usual = at;
    return from + at;
  };
  let found = 0;
  const looked = Math.min(sampleLines, starts.length - 1);
  for (let row = 0; row < looked; row++) if (find(row) >= 0) found++;
  return found * 2 > looked ? find : () => -1;
}

function templateOf(known: Map<number, Template[]>, templates: Template[], pieces: Pieces): Template {
  const found = pieces.template.subarray(0, pieces.length);
  const same = known.get(pieces.hash);
  for (const each of same ?? []) if (each.bytes.equals(found)) return each;
  const bytes = Buffer.from(found);
  const slots: Slot[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0) at++;
    else if (byte <= timeByte) slots.push({ kind: byte, places: [] });
  }
  const made = { index: templates.length, bytes, slots };
  templates.push(made);
  if (same === undefined) known.set(pieces.hash, [made]);
  else same.push(made);
  return made;
}

function writeFrame(out: ByteWriter, content: Uint8Array<ArrayBuffer>): void {
  const small = content.length < packedBytesMin ? content : Bun.zstdCompressSync(content, { level: zstdLevel });
  const stored = small.length < content.length ? small : content;
  out.varint(content.length);
  out.varint(stored.length);
  out.raw(stored);
}

/** The text that a slot of the time stands for, of many rows one after the other. */
export function timeTexts(rows: Uint32Array, timeMs: ArrayLike<number>): Buffer {
  const bytes = Buffer.allocUnsafe(rows.length * timeChars);
  for (let k = 0; k < rows.length; k++) {
    bytes.write(new Date(timeMs[rows[k] ?? 0] ?? 0).toISOString(), k * timeChars, "latin1");
  }
  return bytes;
}
