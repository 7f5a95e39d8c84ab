// Builds and drives the disk that forgets (fsync-shim.c): what was not synced is taken back after a kill.
import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";

const headerBytes = 32;
const types = { write: 1, synced: 2, truncate: 3, rename: 4 } as const;

interface Entry {
  readonly type: number;
  readonly path: string;
  readonly offset: number;
  readonly sizeBefore: number;
  readonly data: Uint8Array;
}

/** Compiles the shim into a folder; undefined when there is no C compiler (or no Linux). */
export function buildShim(folder: string): string | undefined {
  if (process.platform !== "linux") return undefined;
  const library = join(folder, "fsync-shim.so");
  const source = join(import.meta.dir, "fsync-shim.c");
  const built = spawnSync("gcc", ["-O2", "-shared", "-fPIC", "-Wall", "-o", library, source, "-ldl", "-lpthread"]);
  return built.status === 0 ? library : undefined;
}

/** Environment of a process whose files under `root` are watched. */
export function shimEnv(p: {
  readonly library: string;
  readonly root: string;
  readonly log: string;
  readonly delayMs?: number;
  /** While there is a file of this name, every sync fails. */
  readonly failFile?: string;
}): Record<string, string> {
  return {
    LD_PRELOAD: p.library,
    SHIM_ROOT: p.root,
    SHIM_LOG: p.log,
    ...(p.delayMs === undefined ? {} : { SHIM_DELAY_MS: String(p.delayMs) }),
    ...(p.failFile === undefined ? {} : { SHIM_FAIL: p.failFile }),
  };
}

/** How often a file whose path ends so was synced. */
export function syncsOf(log: string, ending: string): number {
  if (!existsSync(log)) return 0;
  return readEntries(readFileSync(log)).filter(({ type, path }) => type === types.synced && path.endsWith(ending))
    .length;
}

/** Takes back every write, truncation and rename that no sync followed; how many there were. */
export function undoUnsynced(log: string): { readonly undone: number; readonly synced: number } {
  if (!existsSync(log)) return { undone: 0, synced: 0 };
  const entries = readEntries(readFileSync(log));
  const lastSync = new Map<string, number>();
  let synced = 0;
  for (const [index, entry] of entries.entries()) {
    if (entry.type !== types.synced) continue;
    lastSync.set(entry.path, index);
    synced++;
  }
  let undone = 0;
  for (const [index, entry] of [...entries.entries()].toReversed()) {
    if (entry.type === types.synced) continue;
    if (entry.type === types.rename && !isSyncedBefore(entries, index)) undone += emptyOut(entry);
    const target = entry.type === types.rename ? new TextDecoder().decode(entry.data) : undefined;
    const settledBy = target === undefined ? entry.path : dirname(target);
    if ((lastSync.get(settledBy) ?? -1) > index) continue;
    undoOne(entry, target);
    undone++;
  }
  return { undone, synced };
}

/**
 * Whether a file was synced before it got its name. Not every runtime writes through the C library, so that no write was seen
 * says nothing.
 */
function isSyncedBefore(entries: readonly Entry[], renamed: number): boolean {
  const { path } = entries[renamed] ?? {};
  return entries.some((entry, index) => index < renamed && entry.type === types.synced && entry.path === path);
}

/** What a power cut leaves of a file that was renamed and never synced: its name. */
function emptyOut(rename: Entry): number {
  const target = new TextDecoder().decode(rename.data);
  if (!existsSync(target) || statSync(target).size === 0) return 0;
  truncateSync(target);
  return 1;
}

function undoOne(entry: Entry, target: string | undefined): void {
  if (target !== undefined) {
    if (existsSync(target)) renameSync(target, entry.path);
    return;
  }
  if (!existsSync(entry.path)) return;
  const file = openSync(entry.path, "r+");
  try {
    if (entry.data.length > 0) writeSync(file, entry.data, 0, entry.data.length, entry.offset);
    if (statSync(entry.path).size > entry.sizeBefore) ftruncateSync(file, entry.sizeBefore);
  } finally {
    closeSync(file);
  }
}

function readEntries(bytes: Uint8Array): Entry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: Entry[] = [];
  let at = 0;
  while (at + headerBytes <= bytes.length) {
    const pathBytes = view.getUint32(at + 4, true);
    const dataBytes = Number(view.getBigUint64(at + 16, true));
    const end = at + headerBytes + pathBytes + dataBytes;
    // The kill may have cut the last record short: then its write did not happen either.
    if (end > bytes.length) break;
    entries.push({
      type: view.getUint32(at, true),
      offset: Number(view.getBigUint64(at + 8, true)),
      sizeBefore: Number(view.getBigUint64(at + 24, true)),
      path: new TextDecoder().decode(bytes.subarray(at + headerBytes, at + headerBytes + pathBytes)),
      data: bytes.slice(at + headerBytes + pathBytes, end),
    });
    at = end;
  }
  return entries;
}
