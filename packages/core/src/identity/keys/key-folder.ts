// The folder of keys: files that the server's own user alone can read, written whole or not at all.
import { chmod, link, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

const namePattern = /^[a-z0-9][a-z0-9.-]{0,63}$/;

/** Where keys are kept. Names are file names. */
export interface KeyFolder {
  read(name: string): Promise<Uint8Array | undefined>;
  /** Writes a file that is not there yet; false, and nothing changed, when it is. Durable when it answers. */
  create(name: string, bytes: Uint8Array): Promise<boolean>;
  /** Writes a file in place of what was there. Durable when it answers. */
  replace(name: string, bytes: Uint8Array): Promise<void>;
}

/** The folder `keys` of a data folder; made (0700) on first writing, its files 0600. */
export function openKeyFolder(folder: string): KeyFolder {
  return new FileKeyFolder(folder);
}

class FileKeyFolder implements KeyFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    try {
      return new Uint8Array(await readFile(this.#path(name)));
    } catch (error) {
      if (isCode(error, "ENOENT")) return undefined;
      throw error;
    }
  }

  async create(name: string, bytes: Uint8Array): Promise<boolean> {
    return this.#write(name, bytes, async (part, path) => {
      try {
        // A link, unlike a rename, never takes the place of a file that somebody else has just made.
        await link(part, path);
        return true;
      } catch (error) {
        if (isCode(error, "EEXIST")) return false;
        throw error;
      } finally {
        await rm(part);
      }
    });
  }

  async replace(name: string, bytes: Uint8Array): Promise<void> {
    await this.#write(name, bytes, async (part, path) => {
      await rename(part, path);
      return true;
    });
  }

  async #write(
    name: string,
    bytes: Uint8Array,
    place: (part: string, path: string) => Promise<boolean>,
  ): Promise<boolean> {
    const path = this.#path(name);
    if ((await mkdir(this.#folder, { recursive: true, mode: 0o700 })) !== undefined) await chmod(this.#folder, 0o700);
    const part = join(this.#folder, `.${crypto.randomUUID()}`);
    const file = await open(part, "wx", 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    const placed = await place(part, path);
    const folder = await open(this.#folder, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
    return placed;
  }

  #path(name: string): string {
    if (!namePattern.test(name)) throw new TypeError(`${JSON.stringify(name)} is no name of a key.`);
    return join(this.#folder, name);
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** The key of this name, made on first use; who comes second takes what was made first. */
export async function keyOf(
  keys: KeyFolder,
  name: string,
  make: () => Promise<Uint8Array> | Uint8Array,
): Promise<Uint8Array> {
  const known = await keys.read(name);
  if (known !== undefined) return known;
  const made = await make();
  if (await keys.create(name, made)) return made;
  const others = await keys.read(name);
  if (others === undefined) throw new Error(`The key ${name} was there and is gone.`);
  return others;
}
