// Large values leave the rows: they are kept as blobs before the row that names them, and fetched when they are needed.
import { SluiceError } from "@sluice/protocol";
import type { JournalEntry, RunEvent } from "@sluice/protocol";
import type { BlobStore } from "../kernel/blob-store.ts";
import { blobRefOf, encodeBlobRef } from "../kernel/blob-ref.ts";

/** Moves values between rows and blobs. */
export class Values {
  readonly #blobs: BlobStore | undefined;
  readonly #inlineBytesMax: number;
  readonly payloadBytesMax: number;

  constructor(
    blobs: BlobStore | undefined,
    limits: { readonly inlineBytesMax: number; readonly payloadBytesMax: number },
  ) {
    this.#blobs = blobs;
    this.#inlineBytesMax = limits.inlineBytesMax;
    this.payloadBytesMax = limits.payloadBytesMax;
  }

  /** True when this value cannot be stored as it is: it belongs in a blob, or is over the limit. */
  isLarge(bytes: Uint8Array | undefined): bytes is Uint8Array {
    return bytes !== undefined && (bytes.length > this.payloadBytesMax || this.#isForBlobs(bytes));
  }

  #isForBlobs(bytes: Uint8Array): boolean {
    return this.#blobs !== undefined && bytes.length > this.#inlineBytesMax;
  }

  /** The error for a value over the limit. */
  tooLarge(what: string, bytes: Uint8Array): SluiceError {
    return new SluiceError({
      code: "payload_too_large",
      message: `${what} is ${bytes.length} bytes long; at most ${this.payloadBytesMax} are taken (payloadBytesMax).`,
      hint: "Raise the setting limits.payloadBytesMax, or keep large data elsewhere and pass a reference.",
    });
  }

  /** What to store in a row for this value, and what to call once the row is committed (or was not). */
  async keep(bytes: Uint8Array): Promise<{ readonly stored: Uint8Array; readonly release: () => void }> {
    if (this.#blobs === undefined || !this.#isForBlobs(bytes)) return { stored: bytes, release: () => undefined };
    const { hash, release } = await this.#blobs.put(bytes);
    return { stored: encodeBlobRef(hash), release };
  }

  /** The value behind what is stored in a row. */
  async load(stored: Uint8Array): Promise<Uint8Array> {
    const hash = blobRefOf(stored);
    if (hash === undefined || this.#blobs === undefined) return stored;
    const bytes = await this.#blobs.get(hash);
    if (bytes !== undefined) return bytes;
    throw new SluiceError({
      code: "store_failed",
      message: `The stored value ${hash} is missing from the data folder.`,
      hint: "Run `sluice doctor`; restore the blobs folder from a backup.",
    });
  }

  /** How many bytes a value has; what a missing one had is not known. */
  async sizeOf(stored: Uint8Array): Promise<number | undefined> {
    const hash = blobRefOf(stored);
    if (hash === undefined || this.#blobs === undefined) return stored.length;
    return this.#blobs.size === undefined ? (await this.#blobs.get(hash))?.length : this.#blobs.size(hash);
  }

  /** The file with the value behind what is stored in a row, where it has one. */
  fileOf(stored: Uint8Array): string | undefined {
    const hash = blobRefOf(stored);
    return hash === undefined ? undefined : this.#blobs?.fileOf?.(hash);
  }

  isRef(stored: Uint8Array | undefined): boolean {
    return blobRefOf(stored) !== undefined;
  }

  async loadEntries(entries: readonly JournalEntry[]): Promise<readonly JournalEntry[]> {
    if (!entries.some((entry) => this.isRef(entry.value) || this.isRef(entry.error))) return entries;
    return Promise.all(
      entries.map(async (entry) => ({
        ...entry,
        ...(entry.value === undefined ? {} : { value: await this.load(entry.value) }),
        ...(entry.error === undefined ? {} : { error: await this.load(entry.error) }),
      })),
    );
  }

  needsLoading(events: readonly RunEvent[]): boolean {
    return events.some((event) => event.event === "settle" && (this.isRef(event.value) || this.isRef(event.error)));
  }

  async loadEvents(events: readonly RunEvent[]): Promise<readonly RunEvent[]> {
    return Promise.all(
      events.map(async (event) => {
        if (event.event !== "settle") return event;
        return {
          ...event,
          ...(event.value === undefined ? {} : { value: await this.load(event.value) }),
          ...(event.error === undefined ? {} : { error: await this.load(event.error) }),
        };
      }),
    );
  }
}
