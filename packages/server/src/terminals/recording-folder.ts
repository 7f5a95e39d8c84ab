// Recordings of terminals as files of the data folder that nobody but the server's user reads.
import { mkdir, open, readdir, readFile, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { headIn } from "@sluice/protocol/asciicast";
import type { RecordingFile, RecordingFolder, RecordingSink } from "@sluice/core/terminals";

const ending = ".cast";
const folderMode = 0o700;
const fileMode = 0o600;
/** Longest first line that is looked for: it has the command in it. */
const headBytesMax = 256 * 1024;

export class RecordingFiles implements RecordingFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  create(id: string): RecordingSink {
    const path = this.#pathOf(id);
    return new FileSink(
      mkdir(this.#folder, { recursive: true, mode: folderMode }).then(() => open(path, "ax", fileMode)),
    );
  }

  resume(id: string, bytes: number): RecordingSink {
    return new FileSink(openAt(this.#pathOf(id), bytes));
  }

  async list(): Promise<readonly RecordingFile[]> {
    const names = await readdir(this.#folder).catch(nothingThere);
    const read = await Promise.all(names.filter((name) => name.endsWith(ending)).map((name) => this.#look(name)));
    return read
      .filter((file) => file !== undefined)
      .toSorted((a, b) => a.head.startedAt - b.head.startedAt || (a.id < b.id ? -1 : 1));
  }

  async read(id: string): Promise<string | undefined> {
    return isId(id) ? readFile(this.#pathOf(id), "utf8").catch(absent) : undefined;
  }

  async remove(id: string): Promise<boolean> {
    if (!isId(id)) return false;
    return rm(this.#pathOf(id)).then(
      () => true,
      (error: unknown) => absent(error) ?? false,
    );
  }

  async #look(name: string): Promise<RecordingFile | undefined> {
    const path = join(this.#folder, name);
    const [head, facts] = await Promise.all([firstLine(path), stat(path).catch(absent)]);
    const read = headIn(head ?? "");
    if (read === undefined || facts === undefined) return undefined;
    return { id: name.slice(0, -ending.length), head: read, bytes: facts.size, changedAt: facts.mtimeMs };
  }

  #pathOf(id: string): string {
    if (!isId(id)) throw new Error(`${JSON.stringify(id)} is no id.`);
    return join(this.#folder, `${id}${ending}`);
  }
}

/** One piece after the other, in the order in which they came. */
class FileSink implements RecordingSink {
  #last: Promise<FileHandle>;

  constructor(file: Promise<FileHandle>) {
    this.#last = file;
    // Whoever writes next hears of it.
    this.#last.catch(() => undefined);
  }

  async append(text: string): Promise<void> {
    this.#last = this.#last.then(async (file) => {
      await file.appendFile(text);
      return file;
    });
    await this.#last;
  }

  async close(): Promise<void> {
    const file = await this.#last;
    await file.close();
  }
}

async function openAt(path: string, bytes: number): Promise<FileHandle> {
  const file = await open(path, "a", fileMode);
  await file.truncate(bytes);
  return file;
}

function isId(id: string): boolean {
  return /^\w{1,64}$/.test(id);
}

async function firstLine(path: string): Promise<string | undefined> {
  const file = await open(path, "r").catch(absent);
  if (file === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytesMax), 0, headBytesMax, 0);
    const text = buffer.toString("utf8", 0, bytesRead);
    return text.slice(0, Math.max(0, text.indexOf("\n")));
  } finally {
    await file.close();
  }
}

/** Undefined for what is not there; anything else is thrown. */
function absent(error: unknown): undefined {
  if ((error as { readonly code?: unknown }).code === "ENOENT") return undefined;
  throw error;
}

function nothingThere(error: unknown): string[] {
  absent(error);
  return [];
}
