// The cache as the runner of builds asks it: results of tasks, and the files that they left. Nothing of it rejects because the cache is
// full, broken or not to be written to: that is a miss, or a result that is not kept.
import type { ActionResult, BuildCache, Digest, OutputEntry } from "../ports.ts";
import type { CacheView } from "./cache-view.ts";

/** The space of the runner's own results. */
export const buildSpace = "build";
const signatureCharsMax = 512;
const digestPattern = /^[0-9a-f]{64}$/;
const modeMax = 0o7777;

export class ViewedBuildCache implements BuildCache {
  readonly #view: CacheView;
  readonly #failed: (what: string, error: unknown) => void;

  /** `failed` hears of what was treated as a miss though it is none. */
  constructor(view: CacheView, failed: (what: string, error: unknown) => void) {
    this.#view = view;
    this.#failed = failed;
  }

  async find(key: Digest): Promise<ActionResult | undefined> {
    try {
      const found = this.#view.find(key);
      return found === undefined ? undefined : resultOf(found.body, key);
    } catch (error) {
      this.#failed("a result could not be looked up", error);
      return undefined;
    }
  }

  async fetch(digest: Digest, into: string): Promise<"ok" | "missing" | "corrupt"> {
    const blob = this.#open(digest);
    return typeof blob === "string" ? blob : this.#view.restore(blob, into);
  }

  async has(digests: readonly Digest[]): Promise<ReadonlySet<Digest>> {
    return new Set(digests.filter((digest) => typeof this.#open(digest) !== "string"));
  }

  #open(digest: Digest): ReturnType<CacheView["open"]> {
    try {
      return this.#view.open(digest);
    } catch (error) {
      this.#failed("a blob could not be looked up", error);
      return "missing";
    }
  }

  async put(
    file: { readonly path: string } | { readonly bytes: Uint8Array },
  ): Promise<{ digest: Digest; size: number }> {
    if (this.#view.own === undefined) return this.#view.measure(file);
    try {
      return await this.#view.put(file);
    } catch (error) {
      this.#failed("a file could not be kept", error);
      return this.#view.measure(file);
    }
  }

  async commit(result: ActionResult): Promise<"stored" | "kept-first" | "incomplete"> {
    if (this.#view.own === undefined) return "incomplete";
    const body = JSON.stringify(result);
    if (resultOf(body, result.key) === undefined) {
      this.#failed("a result was not kept", new Error("It leaves its package, or names something twice."));
      return "incomplete";
    }
    try {
      return this.#view.commit({ key: result.key, body, digests: digestsIn(result) });
    } catch (error) {
      this.#failed("a result could not be kept", error);
      return "incomplete";
    }
  }
}

/** Every blob that a result names. */
export function digestsIn({ outputs, log }: ActionResult): readonly Digest[] {
  return [log, ...outputs.flatMap((output) => (output.type === "file" ? [output.digest] : []))];
}

/** A result as it was written; undefined for what is none, is of another key, or would reach out of its package. */
export function resultOf(body: string, key: Digest): ActionResult | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const result = value as Partial<Record<keyof ActionResult, unknown>>;
  const { outputs, log, meta, signature } = result;
  const isResult =
    hasOnly(value, signature === undefined ? 7 : 8) &&
    (signature === undefined || (typeof signature === "string" && signature.length <= signatureCharsMax)) &&
    result.key === key &&
    result.exitCode === 0 &&
    isDigest(log) &&
    isCount(result.durationMs) &&
    isCount(result.createdAtMs) &&
    typeof meta === "object" &&
    meta !== null &&
    !Array.isArray(meta) &&
    Object.values(meta).every((word) => typeof word === "string") &&
    Array.isArray(outputs) &&
    staysInside(outputs);
  return isResult ? (value as ActionResult) : undefined;
}

/** Paths that stay in the package, each once, and none below a link or a file of the same result. */
function staysInside(outputs: readonly unknown[]): outputs is OutputEntry[] {
  const kinds = new Map<string, string>();
  for (const output of outputs) {
    if (!isOutput(output) || kinds.has(output.path)) return false;
    kinds.set(output.path, output.type);
  }
  for (const path of kinds.keys()) {
    for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
      const kind = kinds.get(path.slice(0, at));
      if (kind !== undefined && kind !== "dir") return false;
    }
  }
  return true;
}

function isOutput(value: unknown): value is OutputEntry {
  if (typeof value !== "object" || value === null) return false;
  const { path, type, digest, size, mode, target } = value as Record<string, unknown>;
  if (typeof path !== "string" || !isInside(path)) return false;
  if (type === "link")
    return hasOnly(value, 3) && typeof target === "string" && target !== "" && !target.includes("\0");
  if (!Number.isInteger(mode) || !isCount(mode) || mode > modeMax) return false;
  if (type === "dir") return hasOnly(value, 3);
  return type === "file" && hasOnly(value, 5) && isDigest(digest) && isCount(size) && Number.isInteger(size);
}

/** A relative path without detours. */
function isInside(path: string): boolean {
  return (
    path !== "" && !path.includes("\0") && path.split("/").every((part) => part !== "" && part !== "." && part !== "..")
  );
}

/** So many fields: with those that are looked at there are no others. */
function hasOnly(value: object, count: number): boolean {
  return Object.keys(value).length === count;
}

function isDigest(value: unknown): value is Digest {
  return typeof value === "string" && digestPattern.test(value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
