// What stands beside the files of one archived day: how many there are, what they hold, and what each is checked with.
import type { ArchivedBatch, ArchivedDay } from "./catalog.ts";

const manifestVersion = 1;

export interface Manifest {
  readonly version: number;
  readonly archiveDate: string;
  readonly totalBatches: number;
  readonly totalFiles: number;
  readonly totalLogs: number;
  /** Bytes of lines and fields as they came, over those of the files. */
  readonly compressionRatio: number;
  /** SHA-256 of each file, by its name. */
  readonly checksums: Readonly<Record<string, string>>;
  readonly batches: readonly ArchivedBatch[];
}

export function manifestName(day: string): string {
  return `${day}/manifest.json`;
}

export function encodeManifest({ day, batches }: Pick<ArchivedDay, "day" | "batches">): Uint8Array<ArrayBuffer> {
  const sum = (of: (batch: ArchivedBatch) => number): number => batches.reduce((total, each) => total + of(each), 0);
  const bytes = sum((each) => each.bytes);
  const manifest: Manifest = {
    version: manifestVersion,
    archiveDate: day,
    totalBatches: batches.length,
    totalFiles: batches.length,
    totalLogs: sum(({ entries }) => entries),
    compressionRatio: bytes === 0 ? 0 : Math.round((sum(({ rawBytes }) => rawBytes) / bytes) * 100) / 100,
    checksums: Object.fromEntries(batches.map(({ file, sha256 }) => [nameIn(file), sha256])),
    batches,
  };
  return new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`);
}

/** Throws a `RangeError` for bytes that are none. */
export function decodeManifest(bytes: Uint8Array): Manifest {
  let read: Manifest;
  try {
    read = JSON.parse(new TextDecoder().decode(bytes)) as Manifest;
  } catch (error) {
    throw new RangeError(`the manifest cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (read.version !== manifestVersion) throw new RangeError("the manifest is of another version");
  return read;
}

/** Within the folder of its day. */
function nameIn(file: string): string {
  return file.slice(file.lastIndexOf("/") + 1);
}
