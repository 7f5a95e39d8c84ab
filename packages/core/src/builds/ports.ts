// What builds need of their surroundings, and what the runner and the cache of this room agree on.

/** Lower-case hex of a SHA-256, 64 characters. */
export type Digest = string;

/** One thing that a task left, in the order of paths. Paths are relative to the task's package, with slashes, and never climb out. */
export type OutputEntry = { readonly path: string } & (
  | { readonly type: "file"; readonly digest: Digest; /** Bytes. */ readonly size: number; readonly mode: number }
  | { readonly type: "link"; /** As it is written in the link, not followed. */ readonly target: string }
  | { readonly type: "dir"; readonly mode: number }
);

/** What a finished task left: kept under the task's key, and written after everything that it names. */
export interface ActionResult {
  /** The task's key, a digest of all that its result may depend on. */
  readonly key: Digest;
  /** Only what succeeded is kept. */
  readonly exitCode: 0;
  readonly outputs: readonly OutputEntry[];
  /** Of the bytes that the task wrote, in the order in which they came. */
  readonly log: Digest;
  readonly durationMs: number;
  readonly createdAtMs: number;
  /** Words for people: the task, where it ran. Nothing in here decides anything. */
  readonly meta: Readonly<Record<string, string>>;
}

/**
 * What the runner asks of a cache. Nothing of it rejects because the cache is down, full or wrong: an outage is a miss when asked,
 * and "incomplete" when told. An abort of the build is the caller's to see to.
 */
export interface BuildCache {
  /** With a good signature, from a scope that the caller may read. Undefined also where a blob that it names is not there. */
  find(key: Digest): Promise<ActionResult | undefined>;
  /** `into`: an absolute path in a folder that is there; the file appears whole under its name, or not at all. Its mode is the caller's. */
  fetch(digest: Digest, into: string): Promise<"ok" | "missing" | "corrupt">;
  /** Those of the digests that are there. */
  has(digests: readonly Digest[]): Promise<ReadonlySet<Digest>>;
  /** The file is read once and may change meanwhile: digest and size are of what was kept. */
  put(file: { readonly path: string } | { readonly bytes: Uint8Array }): Promise<{ digest: Digest; size: number }>;
  /** "kept-first": another result is kept under this key. "incomplete": a blob that it names is not there, or the cache does not answer. */
  commit(result: ActionResult): Promise<"stored" | "kept-first" | "incomplete">;
}
