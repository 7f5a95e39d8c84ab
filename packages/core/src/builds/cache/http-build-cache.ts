// A cache on another machine as the runner asks it, over our own HTTP, with what is here in front of it: what was fetched once is not
// fetched again, and what the other side sends is believed once it is what it should be.
import { randomUUID } from "node:crypto";
import type { ActionResult, BuildCache, Digest } from "../ports.ts";
import { digestsIn, resultOf } from "./build-results.ts";
import type { OutageBudget } from "./outage-budget.ts";
import type { ResultSigner } from "./result-signing.ts";

export interface HttpBuildCacheParts {
  /** Of the server, without a slash at its end. */
  readonly url: string;
  readonly token: string;
  /** In front of it. Keeps everything that passes. */
  readonly local: BuildCache;
  readonly budget: OutageBudget;
  /** A folder on the disk of the local cache, for what is on its way. */
  readonly folder: string;
  /** Signs what is sent, and says whose results are taken. */
  readonly signer: ResultSigner;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

/** What became of what was to be uploaded. */
export interface Uploads {
  /** Results that the other side has confirmed, or had. */
  readonly confirmed: number;
  readonly lost: number;
}

/** Blobs that are sent at once for one result. */
const sentAtOnceMax = 8;
const answerBytesMax = 64 * 1024 * 1024;

class NotAnswered extends Error {}

export class HttpBuildCache implements BuildCache {
  readonly #parts: HttpBuildCacheParts;
  #confirmed = 0;
  #lost = 0;
  #uploading: Promise<unknown> = Promise.resolve();

  constructor(parts: HttpBuildCacheParts) {
    this.#parts = parts;
  }

  async find(key: Digest): Promise<ActionResult | undefined> {
    const { local, budget } = this.#parts;
    const known = await local.find(key);
    if (known !== undefined) return known;
    const attempt = await budget.attempt(async (signal, alive) => {
      const response = await this.#ask("GET", `results/${key}`, { signal });
      alive();
      if (response.status === 404) return undefined;
      const result = resultOf(await textOf(response), key);
      if (result === undefined) throw new NotAnswered("what it answered is no result");
      return this.#parts.signer.isTrusted(result) ? result : undefined;
    });
    const result = attempt === "down" ? undefined : attempt.answered;
    if (result === undefined) return undefined;
    // A result is one only with all that it names, as it is with the cache on this machine.
    for (const digest of new Set(digestsIn(result))) if (!(await this.#bring(digest))) return undefined;
    await local.commit(result);
    return result;
  }

  async fetch(digest: Digest, into: string): Promise<"ok" | "missing" | "corrupt"> {
    const { local } = this.#parts;
    const known = await local.fetch(digest, into);
    if (known === "ok" || !(await this.#bring(digest))) return known;
    return local.fetch(digest, into);
  }

  async has(digests: readonly Digest[]): Promise<ReadonlySet<Digest>> {
    return this.#parts.local.has(digests);
  }

  async put(
    file: { readonly path: string } | { readonly bytes: Uint8Array },
  ): Promise<{ digest: Digest; size: number }> {
    return this.#parts.local.put(file);
  }

  /** As the cache here has it; the other one is told meanwhile. `settle` waits for that. */
  async commit(made: ActionResult): Promise<"stored" | "kept-first" | "incomplete"> {
    const result = this.#parts.signer.signed(made);
    const kept = await this.#parts.local.commit(result);
    if (kept !== "stored") return kept;
    this.#uploading = Promise.all([this.#uploading, this.#upload(result)]);
    return kept;
  }

  /** Waits until everything was uploaded, or given up, and says how much. */
  async settle(): Promise<Uploads> {
    await this.#uploading;
    return { confirmed: this.#confirmed, lost: this.#lost };
  }

  /** Has a file here that the other side has; false where that cannot be. */
  async #bring(digest: Digest): Promise<boolean> {
    const { local, budget } = this.#parts;
    if ((await local.has([digest])).has(digest)) return true;
    const part = `${this.#parts.folder}/${randomUUID()}.part`;
    const attempt = await budget.attempt(async (signal, alive) => {
      const response = await this.#ask("GET", `blobs/${digest}`, { signal });
      if (response.status === 404) return false;
      const writer = Bun.file(part).writer();
      for await (const piece of response.body ?? []) {
        alive();
        await writer.write(piece as Uint8Array);
        await writer.flush();
      }
      await writer.end();
      const kept = await local.put({ path: part });
      if (kept.digest !== digest) throw new NotAnswered("what it sent is not what its name says");
      return true;
    });
    await Bun.file(part)
      .delete()
      .catch(() => undefined);
    return attempt !== "down" && attempt.answered;
  }

  async #upload(result: ActionResult): Promise<void> {
    const digests = [...new Set(digestsIn(result))];
    const attempt = await this.#parts.budget.attempt(async (signal, alive) => {
      const asked = await this.#ask("POST", "blobs/missing", { signal, json: { digests } });
      alive();
      const { missing } = JSON.parse(await textOf(asked)) as { readonly missing?: unknown };
      if (!Array.isArray(missing)) throw new NotAnswered("what it answered is no list");
      const left = digests.filter((digest) => missing.includes(digest));
      const send = async (): Promise<void> => {
        for (let digest = left.shift(); digest !== undefined; digest = left.shift())
          await this.#send(digest, signal, alive);
      };
      await Promise.all(Array.from({ length: sentAtOnceMax }, send));
      await this.#ask("PUT", `results/${result.key}`, { signal, json: result });
      return true;
    });
    if (attempt === "down") this.#lost++;
    else this.#confirmed++;
  }

  async #send(digest: Digest, signal: AbortSignal, alive: () => void): Promise<void> {
    const part = `${this.#parts.folder}/${randomUUID()}.part`;
    try {
      if ((await this.#parts.local.fetch(digest, part)) !== "ok") throw new NotAnswered("a file went away here");
      await this.#ask("PUT", `blobs/${digest}`, { signal, body: heard(Bun.file(part), alive) });
      alive();
    } finally {
      await Bun.file(part)
        .delete()
        .catch(() => undefined);
    }
  }

  /** Throws for whatever is neither an answer nor a miss. */
  async #ask(
    method: string,
    path: string,
    p: { readonly signal: AbortSignal; readonly json?: unknown; readonly body?: ReadableStream<Uint8Array> },
  ): Promise<Response> {
    const { url, token, fetch } = this.#parts;
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (p.json !== undefined) headers["content-type"] = "application/json";
    const body = p.json === undefined ? p.body : JSON.stringify(p.json);
    const init = {
      method,
      headers,
      signal: p.signal,
      redirect: "error" as const,
      ...(body === undefined ? {} : { body }),
    };
    const response = await fetch(`${url}/api/v1/cache/${path}`, init);
    if (response.ok || (response.status === 404 && method === "GET")) return response;
    throw new NotAnswered(`it answered ${response.status}`);
  }
}

/** Content that tells when more of it is wanted: the other side lives. */
function heard(file: Blob, alive: () => void): ReadableStream<Uint8Array> {
  return (file.stream() as ReadableStream<Uint8Array>).pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform: (piece, controller) => {
        alive();
        controller.enqueue(piece);
      },
    }),
  );
}

async function textOf(response: Response): Promise<string> {
  if (Number(response.headers.get("content-length") ?? 0) > answerBytesMax)
    throw new NotAnswered("its answer is too long");
  return response.text();
}
