// What goes, so that a cache never fills a disk: what nobody has used for long, and past its size what was used least recently. What
// was used a moment ago stays, however full it is.
import type { CacheIndex } from "./cache-index.ts";
import type { BlobShelf } from "./blob-shelf.ts";
import type { CacheLimits } from "./limits.ts";
import type { PieceFolder } from "./piece-folder.ts";

/** Taken out in one transaction: others want to write in between. */
const atOnceMax = 128;
/** A blob that nothing names yet may belong to a result that is still on its way. */
const looseMs = 3_600_000;
/** Files of writers that died, and those that were put aside. */
const leftoverMs = 3_600_000;
const quarantineMs = 7 * 86_400_000;
/** Past its size it is brought down to this share of it, so that it is not at its limit all the time. */
const keptShare = 0.9;

export interface Evicted {
  readonly entries: number;
  readonly blobs: number;
  /** Of files. */
  readonly bytes: number;
}

export interface EvictionParts {
  readonly index: CacheIndex;
  readonly shelf: Pick<BlobShelf, "isWriting">;
  readonly files: PieceFolder;
  readonly limits: CacheLimits;
  /** Called between two pieces of work. */
  readonly pause: () => Promise<void>;
}

/** `bytesMax`: in the place of the limit. */
export async function evict(
  parts: EvictionParts,
  now: number,
  bytesMax = parts.limits.cacheBytesMax,
): Promise<Evicted> {
  const { index, limits, pause } = parts;
  const before = index.bytes;
  let [entries, blobs] = [0, 0];
  const take = async (usedBefore: number, why: "age" | "size", bytes = Infinity): Promise<boolean> => {
    const taken = takeSome(parts, { now, usedBefore, why, bytes });
    entries += taken.entries;
    blobs += taken.blobs;
    await pause();
    return taken.entries + taken.blobs > 0;
  };
  while (await take(now - limits.cacheKeptMs, "age"));
  await removeFiles(parts);
  if (bytesMax > 0 && index.bytes > bytesMax) {
    const tooMuch = (): number => index.bytes - bytesMax * keptShare;
    while (tooMuch() > 0 && (await take(now - limits.cacheInUseMs, "size", tooMuch()))) await removeFiles(parts);
  }
  sweep(parts, now);
  return { entries, blobs, bytes: Math.max(0, before - index.bytes) };
}

/** Takes out some of what was used least recently, entries and blobs that none names alike, until that makes room for so many bytes. */
function takeSome(
  { index }: EvictionParts,
  p: { readonly now: number; readonly usedBefore: number; readonly why: "age" | "size"; readonly bytes: number },
): { readonly entries: number; readonly blobs: number } {
  return index.together(() => {
    const looseBefore = Math.min(p.usedBefore, p.now - looseMs);
    const candidates = [
      ...index.oldEntries(p.usedBefore, atOnceMax).map(({ id, usedAt }) => ({ entry: id, digest: "", usedAt })),
      ...index.looseBlobs(looseBefore, atOnceMax).map(({ digest, usedAt }) => ({ entry: undefined, digest, usedAt })),
    ].toSorted((a, b) => a.usedAt - b.usedAt);
    let [entries, blobs, freed] = [0, 0, 0];
    const drop = (digest: string): void => {
      freed += index.storedBytes(digest);
      index.dropBlob(digest);
      blobs++;
    };
    for (const { entry, digest } of candidates.slice(0, atOnceMax)) {
      if (freed >= p.bytes) break;
      if (entry === undefined) {
        drop(digest);
        continue;
      }
      const named = index.digestsOf(entry);
      index.dropEntry(entry, p.why, p.now);
      entries++;
      // What only this one named goes with it, unless somebody has just used it.
      for (const each of named) {
        if (!index.isNamed(each) && (index.blob(each)?.usedAt ?? 0) < p.usedBefore) drop(each);
      }
    }
    return { entries, blobs };
  });
}

async function removeFiles({ index, files, shelf, pause }: EvictionParts): Promise<void> {
  for (let removed = 1; removed > 0;) {
    removed = index.together(() => {
      const loose = index.loosePieces(atOnceMax).filter(({ hash }) => !shelf.isWriting(hash));
      // File and row in one transaction: whoever writes the same comes before or after both.
      for (const { hash } of loose) {
        files.remove(hash);
        index.dropPiece(hash);
      }
      return loose.length;
    });
    await pause();
  }
}

/** Files that no row knows: their writer died between the two. */
function sweep({ index, files }: EvictionParts, now: number): void {
  files.sweep({ partsBefore: now - leftoverMs, quarantineBefore: now - quarantineMs });
  for (const { hash, changedAt } of files.list()) {
    if (changedAt >= now - leftoverMs) continue;
    index.together(() => {
      if (index.stampOf(hash) === undefined) files.remove(hash);
    });
  }
}
