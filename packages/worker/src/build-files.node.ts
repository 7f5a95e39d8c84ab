// The files of one build: its inputs are fetched over HTTP into a folder of its own, and what it leaves there is stored over HTTP. Each
// is held against its digest. Node's modules, which Bun and Deno have as well.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, lstat, mkdir, mkdtemp, open, readdir, readlink, realpath, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { Readable } from "node:stream";
import { outputsMatch } from "./output-patterns.ts";
import type { Trust } from "./trust.node.ts";

/** A file by its content, as messages carry it. `mode` is that of the file system, without its kind. */
export interface FileByContent {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
  readonly mode: number;
  /** Where a symbolic link leads; it then has no bytes. */
  readonly link?: string | undefined;
}

/** Where blobs are. */
export interface BlobPlace {
  /** Base URL of the server. */
  readonly url: string;
  /** What the worker shows. */
  readonly token: () => string | undefined;
  /** What requests are given besides. */
  readonly trust?: Trust | undefined;
}

/** What of a build's options says something of files. */
interface FileOptions {
  readonly cwd?: string | undefined;
  readonly inputs?: readonly FileByContent[] | undefined;
  readonly outputs?: readonly string[] | undefined;
}

/** Files that are fetched or stored at once. */
const filesAtOnceMax = 8;
/** Digests that are asked about at once; the server takes as many. */
const digestsAtOnceMax = 1_000;

/** Why files could not be had or kept; the code is that of the build's failure. */
export class BuildFilesError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** A request, without what all of them have. */
interface Sent {
  readonly method?: string;
  readonly body?: string | ReadableStream<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly duplex?: "half";
}

export class BuildFiles {
  readonly #place: BlobPlace;
  readonly #options: FileOptions;
  readonly #ending = new AbortController();
  #folder = "";
  /** Made for this build, and removed with it. */
  #own: string | undefined;

  constructor(place: BlobPlace, options: FileOptions) {
    this.#place = place;
    this.#options = options;
  }

  /** Whether the options of a build speak of files. */
  static concern({ inputs, outputs }: FileOptions): boolean {
    return (inputs?.length ?? 0) + (outputs?.length ?? 0) > 0;
  }

  /**
   * Puts the inputs in their places; answers where the command is to run. That is a folder of the build's own, or within it, unless the
   * build names an absolute one. Rejects with a `BuildFilesError`.
   */
  async prepare(): Promise<string> {
    const { cwd = "", inputs = [] } = this.#options;
    if (isAbsolute(cwd)) this.#folder = cwd;
    else this.#folder = this.#own = await realpath(await mkdtemp(join(tmpdir(), "sluice-build-")));
    // Links come last: nothing is written through one.
    await atOnce(
      inputs.filter(({ link }) => link === undefined),
      (file) => this.#fetch(file),
    );
    for (const file of inputs) {
      if (file.link === undefined) continue;
      const path = await this.#placeOf(file.path);
      await rm(path, { force: true });
      await symlink(file.link, path);
    }
    const where = isAbsolute(cwd) ? cwd : await this.#within(cwd);
    await mkdir(where, { recursive: true });
    return where;
  }

  /** Stores what the outputs name, and describes it, in the order of paths. Rejects with a `BuildFilesError`. */
  async collect(): Promise<readonly FileByContent[]> {
    const { outputs = [] } = this.#options;
    if (outputs.length === 0) return [];
    const paths: string[] = [];
    for await (const path of filesIn(this.#folder)) if (outputsMatch(outputs, path)) paths.push(path);
    paths.sort();
    const found = await atOnce(paths, (path) => this.#describe(path));
    const blobs = new Map(found.flatMap((file) => (file.link === undefined ? [[file.sha256, file.path]] : [])));
    const missing = await this.#missing([...blobs.keys()]);
    await atOnce(missing, (digest) => this.#store(digest, blobs.get(digest) ?? ""));
    return found;
  }

  /** Ends what is under way. */
  abort(): void {
    this.#ending.abort();
  }

  /** Removes the folder, if it was made here. */
  async dispose(): Promise<void> {
    if (this.#own !== undefined) await rm(this.#own, { recursive: true, force: true });
  }

  async #fetch(file: FileByContent): Promise<void> {
    const path = await this.#placeOf(file.path);
    const part = `${path}.part-${crypto.randomUUID()}`;
    const answer = await this.#ask(`/api/v1/blobs/${file.sha256}`, {}, "input_failed");
    const sum = createHash("sha256");
    try {
      const out = await open(part, "wx", 0o600);
      try {
        for await (const chunk of pieces(answer)) {
          sum.update(chunk);
          await out.writeFile(chunk);
        }
      } finally {
        await out.close();
      }
      if (sum.digest("hex") !== file.sha256) {
        throw new BuildFilesError("input_corrupt", `What came for ${file.path} is not ${file.sha256}.`);
      }
      await chmod(part, file.mode & 0o777);
      await rename(part, path);
    } catch (error) {
      await rm(part, { force: true });
      throw asFilesError(error, "input_failed");
    }
  }

  async #describe(path: string): Promise<FileByContent> {
    const full = join(this.#folder, path);
    const { mode, size } = await lstat(full);
    const common = { path, mode: mode & 0o777 };
    if ((mode & kindMask) === linkKind) {
      const link = await readlink(full);
      return { ...common, sha256: createHash("sha256").update(link).digest("hex"), size: 0, link };
    }
    const sum = createHash("sha256");
    for await (const chunk of createReadStream(full)) sum.update(chunk as Uint8Array);
    return { ...common, sha256: sum.digest("hex"), size };
  }

  async #missing(digests: readonly string[]): Promise<readonly string[]> {
    const found: string[] = [];
    for (let at = 0; at < digests.length; at += digestsAtOnceMax) {
      const body = JSON.stringify({ digests: digests.slice(at, at + digestsAtOnceMax) });
      const headers = { "content-type": "application/json" };
      const answer = await this.#ask("/api/v1/blobs/missing", { method: "POST", body, headers }, "artifact_failed");
      found.push(...((await answer.json()) as { readonly missing: readonly string[] }).missing);
    }
    return found;
  }

  async #store(digest: string, path: string): Promise<void> {
    const body = Readable.toWeb(createReadStream(join(this.#folder, path))) as unknown as ReadableStream<Uint8Array>;
    // Node wants to be told that the answer comes after the whole body.
    const sent = {
      method: "PUT",
      body,
      duplex: "half" as const,
      headers: { "content-type": "application/octet-stream" },
    };
    const answer = await this.#ask(`/api/v1/blobs/${digest}`, sent, "artifact_failed");
    await answer.arrayBuffer();
  }

  async #ask(path: string, init: Sent, code: string): Promise<Response> {
    const { token, url, trust } = this.#place;
    const shown = token();
    const headers = { ...init.headers, ...(shown === undefined ? {} : { authorization: `Bearer ${shown}` }) };
    const { signal } = this.#ending;
    let answer: Response;
    try {
      answer = await fetch(new URL(path, url), { ...init, ...trust, headers, signal });
    } catch (error) {
      throw asFilesError(error, code);
    }
    if (answer.ok) return answer;
    const said = (await answer.text()).slice(0, 500);
    throw new BuildFilesError(code, `${init.method ?? "GET"} ${path} was answered with ${answer.status}: ${said}`);
  }

  /** The place of a file, whose folders are there. */
  async #placeOf(path: string): Promise<string> {
    const full = await this.#within(path);
    const folder = dirname(full);
    await mkdir(folder, { recursive: true });
    const real = await realpath(folder);
    if (real !== this.#folder && !real.startsWith(this.#folder + sep)) throw unsafe(path);
    return full;
  }

  async #within(path: string): Promise<string> {
    const base = await realpath(this.#folder);
    this.#folder = base;
    const full = resolve(base, path);
    const from = relative(base, full);
    if (isAbsolute(path) || from === ".." || from.startsWith(`..${sep}`) || path.includes("\0")) throw unsafe(path);
    return full;
  }
}

/** Of a mode, what says which kind of file it is. */
const kindMask = 0o170000;
const linkKind = 0o120000;

function unsafe(path: string): BuildFilesError {
  return new BuildFilesError("path_unsafe", `${JSON.stringify(path)} leads out of the build's folder.`);
}

function asFilesError(error: unknown, code: string): BuildFilesError {
  if (error instanceof BuildFilesError) return error;
  return new BuildFilesError(code, error instanceof Error ? error.message : String(error));
}

async function* pieces(answer: Response): AsyncGenerator<Uint8Array> {
  if (answer.body === null) return;
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

/** Paths of the files and links below a folder, with forward slashes. Links are not followed. */
async function* filesIn(folder: string, prefix = ""): AsyncGenerator<string> {
  for (const entry of await readdir(join(folder, prefix), { withFileTypes: true })) {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) yield* filesIn(folder, path);
    else if (entry.isFile() || entry.isSymbolicLink()) yield path;
  }
}

/** Does the same to each, a few of them at a time; answers in their order. The first failure ends it. */
async function atOnce<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at] as T);
  };
  await Promise.all(Array.from({ length: Math.min(filesAtOnceMax, items.length) }, worker));
  return results;
}
