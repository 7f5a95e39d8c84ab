// Archives of other tools are unpacked by their clients into a workspace: what would write outside of it is not taken. Members are read
// as POSIX's ustar and pax have them, with GNU's long names; whatever cannot be read is refused, since a client may read it otherwise.
import { posix } from "node:path";
import { Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import type { CacheView } from "@sluice/core/builds/cache";
import { SluiceError } from "@sluice/protocol";
import type { Call } from "../call.ts";

const blockBytes = 512;
const nameBytesMax = 64 * 1024;
const membersMax = 1_000_000;

class Unsafe extends Error {}

/** Throws `forbidden` for an archive that is not safe to unpack, or is none. */
export async function checkArchive(
  call: Pick<Call, "parts">,
  view: CacheView,
  p: { readonly digest: string; readonly packed: "zstd" | "gzip" },
): Promise<void> {
  const blob = view.open(p.digest);
  if (typeof blob === "string") throw new SluiceError({ code: "store_failed", message: "The archive was not kept." });
  const source = Readable.from(view.content(blob), { objectMode: false });
  const plain = p.packed === "zstd" ? createZstdDecompress() : createGunzip();
  source.on("error", (error) => plain.destroy(error));
  try {
    await checkMembers(source.pipe(plain) as AsyncIterable<Uint8Array>, call.parts.limits.cacheArchiveBytesMax);
  } catch (error) {
    const why = error instanceof Unsafe ? error.message : "it cannot be unpacked";
    throw new SluiceError({
      code: "forbidden",
      message: `The archive is not kept: ${why}.`,
      hint: "Archives hold relative paths that stay in the workspace.",
    });
  } finally {
    source.destroy();
    plain.destroy();
  }
}

/** Reads blocks out of pieces of any length. */
class Blocks {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);
  #left: number;

  constructor(pieces: AsyncIterable<Uint8Array>, bytesMax: number) {
    this.#pieces = pieces[Symbol.asyncIterator]();
    this.#left = bytesMax;
  }

  async #more(): Promise<boolean> {
    const next = await this.#pieces.next();
    if (next.done === true) return false;
    const { value } = next;
    this.#left -= value.length;
    if (this.#left < 0) throw new Unsafe("it is too long once it is unpacked (cacheArchiveBytesMax)");
    this.#rest = this.#rest.length === 0 ? value : Buffer.concat([this.#rest, value]);
    return true;
  }

  /** Fewer bytes at the end. */
  async take(count: number): Promise<Uint8Array> {
    while (this.#rest.length < count && (await this.#more()));
    const taken = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  async skip(count: number): Promise<void> {
    let left = count;
    while (left > 0) {
      if (this.#rest.length === 0 && !(await this.#more())) throw new Unsafe("it is cut off");
      const taken = Math.min(left, this.#rest.length);
      this.#rest = this.#rest.subarray(taken);
      left -= taken;
    }
  }
}

interface Header {
  readonly type: string;
  readonly size: number;
  readonly name: string;
  readonly link: string;
}

/** What headers before a member say of it. */
interface Said {
  path?: string;
  link?: string;
  pax?: ReadonlyMap<string, string>;
}

/** Throws `Unsafe`, and what the pieces throw. */
async function checkMembers(pieces: AsyncIterable<Uint8Array>, bytesMax: number): Promise<void> {
  const blocks = new Blocks(pieces, bytesMax);
  const links = new Set<string>();
  let said: Said = {};
  for (let members = 0; ; members++) {
    if (members > membersMax) throw new Unsafe("it has too many members");
    const block = await blocks.take(blockBytes);
    if (block.length === 0) {
      if (members === 0) throw new Unsafe("it is empty");
      return;
    }
    if (block.length < blockBytes) throw new Unsafe("it is cut off");
    // Two of these end an archive; what comes after them a client may still read.
    if (block.every((byte) => byte === 0)) continue;
    const header = headerOf(block);
    if (["x", "g", "L", "K"].includes(header.type)) {
      const text = await extension(blocks, header.size);
      if (header.type === "L") said.path = withoutEnd(text);
      else if (header.type === "K") said.link = withoutEnd(text);
      else if (header.type === "g") throw new Unsafe("it has a global header");
      else said.pax = paxOf(text);
      continue;
    }
    const name = said.pax?.get("path") ?? said.path ?? header.name;
    const link = said.pax?.get("linkpath") ?? said.link ?? header.link;
    const size = said.pax?.has("size") === true ? Number(said.pax.get("size")) : header.size;
    checkMember({ ...header, name, link, size }, links);
    said = {};
    // Only files have content, whatever their size says.
    if (header.type === "0" || header.type === "\0" || header.type === "7") await blocks.skip(padded(size));
    else if (size > 0) throw new Unsafe("a member that is no file has content");
  }
}

function checkMember({ type, name, link, size }: Header, links: Set<string>): void {
  if (!Number.isSafeInteger(size) || size < 0) throw new Unsafe("the size of a member is none");
  const path = insideOf(name);
  for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
    if (links.has(path.slice(0, at))) throw new Unsafe("a member lies behind a link");
  }
  switch (type) {
    case "0":
    case "\0":
    case "7":
      // Written to where a link is, it would be written to where that leads.
      if (links.has(path)) throw new Unsafe("a member takes the place of a link");
      return;
    case "5":
      if (links.has(path)) throw new Unsafe("a member takes the place of a link");
      return;
    case "1":
      if (links.has(insideOf(link))) throw new Unsafe("a hard link leads to a link");
      return;
    case "2": {
      if (link === "" || link.includes("\0") || posix.isAbsolute(link)) throw new Unsafe("a link leads out");
      const target = posix.normalize(posix.join(posix.dirname(path), link));
      if (target === ".." || target.startsWith("../")) throw new Unsafe("a link leads out");
      links.add(path);
      return;
    }
    default:
      throw new Unsafe("a member is neither file nor folder nor link");
  }
}

/** The name without a slash at its end; throws for one that leads out. */
function insideOf(name: string): string {
  const path = posix.normalize(name.replace(/\/+$/, ""));
  const parts = name.split(/[/\\]/);
  if (name === "" || name.includes("\0") || posix.isAbsolute(name) || /^[A-Za-z]:/.test(name) || parts.includes("..")) {
    throw new Unsafe("a member leads out of the workspace");
  }
  return path;
}

function headerOf(block: Uint8Array): Header {
  const field = (from: number, length: number): string => {
    const bytes = block.subarray(from, from + length);
    const end = bytes.indexOf(0);
    return Buffer.from(end === -1 ? bytes : bytes.subarray(0, end)).toString("utf8");
  };
  let sum = 0;
  for (let at = 0; at < blockBytes; at++) sum += at >= 148 && at < 156 ? 32 : (block[at] ?? 0);
  if (octal(field(148, 8)) !== sum) throw new Unsafe("a header is broken");
  // GNU's headers have times where POSIX's have the beginning of a long name.
  const isPosix = Buffer.from(block.subarray(257, 265)).toString("latin1") === "ustar\u000000";
  const prefix = isPosix ? field(345, 155) : "";
  const name = field(0, 100);
  return {
    type: String.fromCharCode(block[156] ?? 0),
    size: sizeOf(block.subarray(124, 136)),
    name: prefix === "" ? name : `${prefix}/${name}`,
    link: field(157, 100),
  };
}

/** Octal digits, or, with the highest bit set, a big-endian number. */
function sizeOf(bytes: Uint8Array): number {
  if (((bytes[0] ?? 0) & 0x80) === 0) return octal(Buffer.from(bytes).toString("latin1"));
  return bytes.reduce((value, byte, at) => value * 256 + (at === 0 ? byte & 0x7f : byte), 0);
}

function octal(text: string): number {
  const digits = text.replace(/[\0 ]+$/, "").trim();
  if (!/^[0-7]*$/.test(digits)) throw new Unsafe("a header is broken");
  return digits === "" ? 0 : Number.parseInt(digits, 8);
}

async function extension(blocks: Blocks, size: number): Promise<Uint8Array> {
  if (size > nameBytesMax) throw new Unsafe("a name is too long");
  const bytes = await blocks.take(padded(size));
  if (bytes.length < padded(size)) throw new Unsafe("it is cut off");
  return bytes.subarray(0, size);
}

/** Records of `length keyword=value`, each with a line's end. */
function paxOf(bytes: Uint8Array): Map<string, string> {
  const found = new Map<string, string>();
  for (let rest = Buffer.from(bytes); rest.length > 0;) {
    const space = rest.indexOf(0x20);
    const length = Number(rest.subarray(0, Math.max(0, space)).toString("latin1"));
    if (space <= 0 || !Number.isSafeInteger(length) || length <= space || length > rest.length)
      throw new Unsafe("a header is broken");
    const record = rest.subarray(space + 1, length - 1).toString("utf8");
    const at = record.indexOf("=");
    if (at <= 0) throw new Unsafe("a header is broken");
    found.set(record.slice(0, at), record.slice(at + 1));
    rest = rest.subarray(length);
  }
  // A sparse file writes elsewhere than its members say.
  if ([...found.keys()].some((key) => key.startsWith("GNU.sparse."))) throw new Unsafe("a member is sparse");
  return found;
}

function withoutEnd(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end === -1 ? bytes : bytes.subarray(0, end)).toString("utf8");
}

function padded(size: number): number {
  return Math.ceil(size / blockBytes) * blockBytes;
}
