// Large values leave the rows: they are kept as blobs before the row that names them, and fetched when they are needed. Sealed
// ones are opened on the way.
import { decodeValue, SluiceError } from "@sluice/protocol";
import type { JournalEntry, RunEvent } from "@sluice/protocol";
import type { BlobStore } from "../kernel/blob-store.ts";
import { blobRefOf, encodeBlobRef, isStandIn } from "../kernel/blob-ref.ts";
import type { PayloadSealing } from "../kernel/payload-keys.ts";
import type { LogLine } from "../kernel/run-store.ts";
import { isErased, sealHeaderOf } from "../kernel/sealed.ts";
import type { SealHeader } from "../kernel/sealed.ts";
import { mayBeTold, mayHave } from "./sealing.ts";
import type { JournalOf } from "./sealing.ts";

/** Moves values between rows and blobs. */
export class Values {
  readonly #blobs: BlobStore | undefined;
  readonly #inlineBytesMax: number;
  readonly payloadBytesMax: number;
  readonly #sealing: PayloadSealing | undefined;

  constructor(
    blobs: BlobStore | undefined,
    limits: { readonly inlineBytesMax: number; readonly payloadBytesMax: number },
    sealing?: PayloadSealing,
  ) {
    this.#sealing = sealing;
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

  /**
   * The value behind what is stored in a row. A sealed one is opened (`payload_erased`, `payload_unreadable`); `check` may refuse
   * the place it was sealed for.
   */
  async load(stored: Uint8Array, check?: (header: SealHeader) => boolean): Promise<Uint8Array> {
    if (!isStandIn(stored)) return stored;
    const bytes = await this.#fetch(stored);
    if (!isStandIn(bytes)) return bytes;
    if (this.#sealing !== undefined) return this.#sealing.open(bytes, check);
    throw new SluiceError({
      code: isErased(bytes) ? "payload_erased" : "payload_unreadable",
      message: "A sealed value cannot be opened: there are no keys here.",
    });
  }

  /** The same, with the error of a value that was erased or cannot be opened in its place. */
  async find(stored: Uint8Array): Promise<Uint8Array | SluiceError> {
    try {
      return await this.load(stored);
    } catch (error) {
      const gone =
        error instanceof SluiceError && (error.code === "payload_erased" || error.code === "payload_unreadable");
      if (gone) return error;
      throw error;
    }
  }

  /** A line as it was written: text and data of one that is sealed are sealed together. */
  async loadLine(line: LogLine): Promise<LogLine> {
    if (line.data === undefined || !isStandIn(line.data)) return line;
    const bytes = await this.#fetch(line.data);
    if (sealHeaderOf(bytes)?.header.field !== "log") return { ...line, data: bytes };
    const [message, data] = decodeValue(await this.load(bytes)) as readonly [string, Uint8Array | null];
    const { data: _sealed, ...rest } = line;
    return { ...rest, message, ...(data === null ? {} : { data }) };
  }

  /** What a blob holds, or the bytes themselves. */
  async #fetch(stored: Uint8Array): Promise<Uint8Array> {
    const hash = blobRefOf(stored);
    if (hash === undefined || this.#blobs === undefined) return stored;
    const bytes = await this.#blobs.get(hash);
    if (bytes !== undefined) return bytes;
    throw missing(hash);
  }

  /** How many bytes a value has; what a missing one had is not known. */
  async sizeOf(stored: Uint8Array): Promise<number | undefined> {
    const hash = blobRefOf(stored);
    if (hash === undefined || this.#blobs === undefined) return stored.length;
    return this.#blobs.size === undefined ? (await this.#blobs.get(hash))?.length : this.#blobs.size(hash);
  }

  /** The file with the value behind what is stored in a row, where it has one; that of a sealed run is sealed. Throws as `load`. */
  async fileOf(stored: Uint8Array): Promise<string | undefined> {
    const hash = blobRefOf(stored);
    if (hash === undefined || this.#blobs?.find === undefined) return undefined;
    const found = await this.#blobs.find(hash);
    if (found === undefined) throw missing(hash);
    return found.file;
  }

  /** True for what is kept in a file of its own. */
  isBlob(stored: Uint8Array | undefined): boolean {
    return blobRefOf(stored) !== undefined;
  }

  /** True for what has to be loaded first: a reference to a blob, or a sealed value. */
  isRef(stored: Uint8Array | undefined): boolean {
    return isStandIn(stored);
  }

  /** `of`: whose journal it is; sealed values that were sealed for another place are refused then. */
  async loadEntries(entries: readonly JournalEntry[], of?: JournalOf): Promise<readonly JournalEntry[]> {
    if (!entries.some((entry) => this.isRef(entry.value) || this.isRef(entry.error))) return entries;
    return Promise.all(
      entries.map(async (entry) => ({
        ...entry,
        ...(entry.value === undefined
          ? {}
          : { value: await this.load(entry.value, of && mayHave(entry, "value", of)) }),
        ...(entry.error === undefined
          ? {}
          : { error: await this.load(entry.error, of && mayHave(entry, "error", of)) }),
      })),
    );
  }

  needsLoading(events: readonly RunEvent[]): boolean {
    return events.some((event) => event.event === "settle" && (this.isRef(event.value) || this.isRef(event.error)));
  }

  async loadEvents(events: readonly RunEvent[], of?: JournalOf): Promise<readonly RunEvent[]> {
    return Promise.all(
      events.map(async (event) => {
        if (event.event !== "settle") return event;
        return {
          ...event,
          ...(event.value === undefined
            ? {}
            : { value: await this.load(event.value, of && mayBeTold(event, "value", of)) }),
          ...(event.error === undefined
            ? {}
            : { error: await this.load(event.error, of && mayBeTold(event, "error", of)) }),
        };
      }),
    );
  }
}

function missing(hash: string): SluiceError {
  return new SluiceError({
    code: "store_failed",
    message: `The stored value ${hash} is missing from the data folder.`,
    hint: "Run `sluice doctor`; restore the blobs folder from a backup.",
  });
}
