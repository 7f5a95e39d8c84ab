// Where archives are kept: a folder, or a bucket of an S3-compatible store. What was put is durable and whole when it is said to be.
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";

export type ArchivePlace =
  | { readonly kind: "folder"; readonly path: string }
  | {
      readonly kind: "s3";
      readonly bucket: string;
      /** Before every name; empty, or ends with a slash. */
      readonly prefix: string;
      readonly endpoint: string | undefined;
      readonly region: string | undefined;
    };

/** Names are parts with slashes between them. */
export interface ArchiveTarget {
  /** In the place of what was there; others see one or the other, whole. */
  put(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  get(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Throws where there is less. */
  range(name: string, at: { readonly from: number; readonly length: number }): Promise<Uint8Array>;
  /** What is not there is removed too. */
  remove(name: string): Promise<void>;
}

/** Credentials of S3 are those of the environment: `S3_ACCESS_KEY_ID` and its like, as Bun reads them. */
export function targetAt(place: ArchivePlace): ArchiveTarget {
  return place.kind === "folder" ? new FolderTarget(place.path) : new S3Target(place);
}

/** Bytes of a file in a folder, read by whoever cannot wait. Throws where there are fewer. */
export function folderRange(
  folder: string,
  name: string,
  { from, length }: { readonly from: number; readonly length: number },
): Buffer {
  const file = openSync(join(folder, name), "r");
  try {
    const bytes = Buffer.allocUnsafe(length);
    let read = 0;
    while (read < length) {
      const found = readSync(file, bytes, read, length - read, from + read);
      if (found === 0) throw new RangeError("the file is too short");
      read += found;
    }
    return bytes;
  } finally {
    closeSync(file);
  }
}

class FolderTarget implements ArchiveTarget {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  put(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const path = join(this.#folder, name);
    const day = dirname(path);
    mkdirSync(day, { recursive: true, mode: 0o700 });
    const unfinished = `${path}.unfinished`;
    const file = openSync(unfinished, "w", 0o600);
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, bytes.length - at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(unfinished, path);
    // The name has to last as well as what it names.
    for (const each of [day, this.#folder]) syncFolder(each);
    return Promise.resolve();
  }

  get(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      return Promise.resolve(new Uint8Array(readFileSync(join(this.#folder, name))));
    } catch (error) {
      if (isMissing(error)) return Promise.resolve(undefined);
      throw error;
    }
  }

  range(name: string, at: { readonly from: number; readonly length: number }): Promise<Uint8Array> {
    return Promise.resolve(folderRange(this.#folder, name, at));
  }

  remove(name: string): Promise<void> {
    rmSync(join(this.#folder, name), { force: true });
    try {
      const day = dirname(join(this.#folder, name));
      if (readdirSync(day).length === 0) rmSync(day, { recursive: true });
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    return Promise.resolve();
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "NoSuchKey");
}

/** What stores that know no regions take for one. */
const usualRegion = "us-east-1";

class S3Target implements ArchiveTarget {
  readonly #client: Bun.S3Client;
  readonly #prefix: string;

  constructor({ bucket, prefix, endpoint, region }: Extract<ArchivePlace, { kind: "s3" }>) {
    this.#prefix = prefix;
    this.#client = new Bun.S3Client({
      bucket,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(region === undefined && endpoint === undefined ? {} : { region: region ?? usualRegion }),
    });
  }

  async put(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#client.write(this.#prefix + name, bytes);
  }

  async get(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      return new Uint8Array(await this.#client.file(this.#prefix + name).arrayBuffer());
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async range(name: string, at: { readonly from: number; readonly length: number }): Promise<Uint8Array> {
    const { from, length } = at;
    const part = this.#client.file(this.#prefix + name).slice(from, from + length);
    const bytes = new Uint8Array(await part.arrayBuffer());
    if (bytes.length !== length) throw new RangeError("the file is too short");
    return bytes;
  }

  async remove(name: string): Promise<void> {
    await this.#client.delete(this.#prefix + name);
  }
}
