// Reads what `templatesOf` wrote. A piece of text is looked for in templates and in values, each where it can be; only rows where it
// may reach from one into the other are put together again.
import { ByteReader } from "./bytes.ts";
import { DigitReader, separator } from "./digit-values.ts";
import { byteClasses, digitsByte, escapeByte, idByte, timeByte, timeChars } from "./line-pieces.ts";
import { once } from "./rows.ts";
import { byteTemplatesMax, timeTexts } from "./template-writer.ts";
import { placeIn } from "./texts.ts";
import type { TextColumn } from "./texts.ts";

/** Values of one place of a template. */
interface Slot {
  readonly kind: number;
  /** Of every value; 0: each has a newline behind it. */
  readonly width: number;
  /** All of them, one after the other. */
  readonly texts: () => Buffer;
  /** Where values begin, and one more; made when it is needed. */
  starts?: Uint32Array;
}

interface Template {
  /** What stands before, between and behind the slots. */
  readonly texts: readonly Buffer[];
  readonly slots: readonly Slot[];
}

interface Opened {
  readonly templates: readonly Template[];
  readonly rowTemplates: Uint32Array | Uint8Array;
}

const digitClass = 2;
const besideBytes = 32;
const [metaFrame, digitsFrame, idsFrame, bitsFrame] = [0, 1, 2, 3];

export class TemplateTexts implements TextColumn {
  readonly #count: number;
  readonly #timeMs: () => ArrayLike<number>;
  readonly #frames: readonly (() => Buffer)[];
  #opened: Opened | undefined;
  #index: { readonly within: Uint32Array; readonly rows: readonly Uint32Array[] } | undefined;
  #scratch = Buffer.allocUnsafe(1_024);

  /** `timeMs`: of each row, for lines that hold it. Throws a `RangeError` for bytes that are none. */
  constructor(bytes: Uint8Array, p: { readonly count: number; readonly timeMs: () => ArrayLike<number> }) {
    const reader = new ByteReader(bytes);
    this.#count = p.count;
    this.#timeMs = p.timeMs;
    this.#frames = [readFrame(reader), readFrame(reader), readFrame(reader), readFrame(reader)];
  }

  #frame(index: number): Buffer {
    const frame = this.#frames[index];
    if (frame === undefined) throw new RangeError("a frame is missing");
    return frame();
  }

  /** Templates and their slots, taken apart when somebody needs more than to know that something is not there. */
  get #all(): Opened {
    return (this.#opened ??= this.#open());
  }

  #open(): Opened {
    const about = new ByteReader(this.#frame(metaFrame));
    about.raw(besideBytes);
    const lengths = Array.from({ length: about.varint() }, () => about.varint());
    const templates = lengths.map((length) => taken(about.raw(length)));
    const rowTemplates = readRows(about, templates.length, this.#count);
    const [digits, bits] = [() => this.#frame(digitsFrame), () => this.#frame(bitsFrame)];
    const numbers = new DigitReader(about, { digits, bits });
    let idsAt = 0;
    const read = templates.map(({ texts, kinds }, index): Template => {
      const rows = (): Uint32Array => this.#rowsOf(index);
      const slots = kinds.map((kind): Slot => {
        if (kind === digitsByte) return { kind, ...numbers.next(() => rows().length) };
        if (kind === timeByte) return { kind, width: timeChars, texts: once(() => timeTexts(rows(), this.#timeMs())) };
        const [width, length] = [about.varint(), about.varint()];
        const from = idsAt;
        idsAt += length;
        return { kind, width, texts: () => this.#frame(idsFrame).subarray(from, from + length) };
      });
      return { texts, slots };
    });
    return { templates: read, rowTemplates };
  }

  /** True where a needle is in no template, reaches into no value, and is in no value either: most chunks are done with this. */
  #isNowhere(needle: Buffer, look: Look): boolean {
    if (look.fitsInto(digitsByte) || look.fitsInto(timeByte)) return false;
    const meta = this.#frame(metaFrame);
    const isBeside = (byte: number): boolean => ((meta[byte >>> 3] ?? 0) & (1 << (byte & 7))) !== 0;
    if (needle.some(isBeside) || meta.includes(needle, besideBytes)) return false;
    return !look.fitsInto(idByte) || !this.#frame(idsFrame).includes(needle);
  }

  get rawBytes(): number {
    let total = 0;
    for (let row = 0; row < this.#count; row++) total += this.#render(row);
    return total;
  }

  at(row: number): string {
    const length = this.#render(row);
    return this.#scratch.toString("utf8", 0, length);
  }

  mark(needle: Buffer, hits: Uint8Array): void {
    const look = new Look(needle);
    if (this.#isNowhere(needle, look)) return;
    for (const [index, { texts, slots }] of this.#all.templates.entries()) {
      if (texts.some((text) => text.includes(needle))) {
        for (const row of this.#rowsOf(index)) hits[row] = 1;
        continue;
      }
      for (const [place, slot] of slots.entries()) {
        if (look.fitsInto(slot.kind)) {
          for (const k of valuesWith(slot, needle, "anywhere")) hits[this.#rowsOf(index)[k] ?? 0] = 1;
        }
        for (const [piece, where] of look.reaching(texts[place], texts[place + 1], slot.kind)) {
          for (const k of valuesWith(slot, piece, where)) {
            const row = this.#rowsOf(index)[k] ?? 0;
            if (hits[row] === 0 && this.#scratch.subarray(0, this.#render(row)).includes(needle)) hits[row] = 1;
          }
        }
      }
    }
  }

  #rowsOf(template: number): Uint32Array {
    return this.#indexed().rows[template] ?? new Uint32Array(0);
  }

  /** Rows of each template, and the place of each row among them. */
  #indexed(): { readonly within: Uint32Array; readonly rows: readonly Uint32Array[] } {
    if (this.#index !== undefined) return this.#index;
    const { templates, rowTemplates: of } = this.#all;
    const counts = new Uint32Array(templates.length);
    const within = new Uint32Array(this.#count);
    for (let row = 0; row < this.#count; row++) {
      const template = of[row] ?? 0;
      within[row] = counts[template] ?? 0;
      counts[template] = (counts[template] ?? 0) + 1;
    }
    const rows = Array.from(counts, (count) => new Uint32Array(count));
    for (let row = 0; row < this.#count; row++) {
      const all = rows[of[row] ?? 0];
      if (all !== undefined) all[within[row] ?? 0] = row;
    }
    return (this.#index = { within, rows });
  }

  /** Puts a row together in the scratch; answers with its length. */
  #render(row: number): number {
    const k = this.#indexed().within[row] ?? 0;
    const { templates, rowTemplates } = this.#all;
    const template = templates[rowTemplates[row] ?? 0];
    if (template === undefined) throw new RangeError("a row has no template");
    let length = 0;
    for (const [index, text] of template.texts.entries()) {
      length = this.#put(text, { from: 0, to: text.length, at: length });
      const slot = template.slots[index];
      if (slot !== undefined) length = this.#put(slot.texts(), { ...valueAt(slot, k), at: length });
    }
    return length;
  }

  #put(bytes: Buffer, { from, to, at }: { readonly from: number; readonly to: number; readonly at: number }): number {
    const end = at + to - from;
    if (end > this.#scratch.length) {
      const grown = Buffer.allocUnsafe(end * 2);
      this.#scratch.copy(grown, 0, 0, at);
      this.#scratch = grown;
    }
    bytes.copy(this.#scratch, at, from, to);
    return end;
  }
}

/** Where a value begins and ends. */
function valueAt(slot: Slot, k: number): { readonly from: number; readonly to: number } {
  const { width } = slot;
  if (width > 0) return { from: k * width, to: (k + 1) * width };
  const starts = startsOf(slot);
  return { from: starts[k] ?? 0, to: (starts[k + 1] ?? 1) - 1 };
}

function startsOf(slot: Slot): Uint32Array {
  if (slot.starts !== undefined) return slot.starts;
  const all = slot.texts();
  const starts: number[] = [0];
  for (let at = all.indexOf(separator); at >= 0; at = all.indexOf(separator, at + 1)) starts.push(at + 1);
  return (slot.starts = Uint32Array.from(starts));
}

/** Numbers of the values of a slot that hold a piece. No piece holds a separator, so none reaches past one. */
function* valuesWith(slot: Slot, piece: Buffer, where: "anywhere" | "start" | "end"): Generator<number> {
  const all = slot.texts();
  for (let at = all.indexOf(piece); at >= 0; at = all.indexOf(piece, at + 1)) {
    const k = slot.width === 0 ? placeIn(startsOf(slot), at) : Math.floor(at / slot.width);
    const { from, to } = valueAt(slot, k);
    if (at + piece.length > to) continue;
    if ((where === "start" && at !== from) || (where === "end" && at + piece.length !== to)) continue;
    yield k;
  }
}

const timeSigns = new Set(Buffer.from("0123456789-:.TZ"));

/** What a needle can be a part of, found out once. */
class Look {
  readonly #needle: Buffer;
  readonly #fits: Readonly<Record<number, boolean>>;
  readonly #holds = new Uint8Array(256);

  constructor(needle: Buffer) {
    this.#needle = needle;
    this.#fits = {
      [digitsByte]: needle.every((byte) => byteClasses[byte] === digitClass),
      [idByte]: needle.every((byte) => byteClasses[byte] !== 0),
      [timeByte]: needle.length <= timeChars && needle.every((byte) => timeSigns.has(byte)),
    };
    for (const byte of needle) this.#holds[byte] = 1;
  }

  /** Whether it can stand inside of a value of this kind. */
  fitsInto(kind: number): boolean {
    return this.#fits[kind] === true;
  }

  /**
   * Pieces that a value has to begin or end with where the needle reaches from the text before it into it, or out of it into the
   * text behind. A value is digits or a word to its end, or as long as a time, so where the needle goes on past it, the piece is
   * as long as that.
   */
  *reaching(
    before: Buffer | undefined,
    behind: Buffer | undefined,
    kind: number,
  ): Generator<readonly [piece: Buffer, where: "start" | "end"]> {
    const needle = this.#needle;
    if (before !== undefined && before.length > 0 && this.#holds[before[before.length - 1] ?? 0] === 1) {
      for (let cut = 1; cut < needle.length; cut++) {
        const shared = Math.min(cut, before.length);
        if (before.compare(needle, cut - shared, cut, before.length - shared) !== 0) continue;
        let end = cut;
        while (end < needle.length && isPart(needle[end], kind, end - cut)) end++;
        if (end > cut) yield [needle.subarray(cut, end), "start"];
      }
    }
    if (behind !== undefined && behind.length > 0 && this.#holds[behind[0] ?? 0] === 1) {
      for (let cut = 1; cut < needle.length; cut++) {
        const shared = Math.min(needle.length - cut, behind.length);
        if (behind.compare(needle, cut, cut + shared, 0, shared) !== 0) continue;
        let from = cut;
        while (from > 0 && isPart(needle[from - 1], kind, cut - from)) from--;
        if (from < cut) yield [needle.subarray(from, cut), "end"];
      }
    }
  }
}

/** Whether a byte can belong to a value of which so many are known. */
function isPart(byte: number | undefined, kind: number, length: number): boolean {
  if (kind === timeByte) return length < timeChars && timeSigns.has(byte ?? 0);
  const part = byteClasses[byte ?? 0] ?? 0;
  return kind === idByte ? part !== 0 : part === digitClass;
}

/** A template as its texts and the kinds of its slots. */
function taken(template: Buffer): { readonly texts: Buffer[]; readonly kinds: number[] } {
  const texts: Buffer[] = [];
  const kinds: number[] = [];
  let from = 0;
  let escapes: number[] = [];
  const text = (to: number): Buffer => {
    const plain = template.subarray(from, to);
    if (escapes.length === 0) return plain;
    const skipped = new Set(escapes);
    escapes = [];
    return Buffer.from(plain.filter((_, i) => !skipped.has(from + i)));
  };
  for (let at = 0; at < template.length; at++) {
    const byte = template[at] ?? 0;
    if (byte > timeByte) continue;
    if (byte === escapeByte) escapes.push(at++);
    else {
      texts.push(text(at));
      kinds.push(byte);
      from = at + 1;
    }
  }
  texts.push(text(template.length));
  return { texts, kinds };
}

function readRows(about: ByteReader, templates: number, count: number): Uint32Array | Uint8Array {
  if (templates <= 1) return new Uint8Array(count);
  if (templates <= byteTemplatesMax) return about.raw(count);
  return Uint32Array.from({ length: count }, () => about.varint());
}

/** Unpacked when it is needed. */
function readFrame(reader: ByteReader): () => Buffer {
  const [length, stored] = [reader.varint(), reader.varint()];
  const bytes = reader.raw(stored);
  let content: Buffer | undefined;
  return () => (content ??= stored === length ? bytes : Bun.zstdDecompressSync(bytes));
}
