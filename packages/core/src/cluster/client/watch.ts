// Keeps what a list and the changes after it say, with one connection: bookmarks move it on while nothing happens, and what has
// expired is listed anew. Source: Kubernetes API concepts, "Efficient detection of changes".
import type { WireError } from "@sluice/protocol";
import { asRecord, at, keyOf, refOf, textAt } from "../objects.ts";
import type { KubeObject } from "../objects.ts";
import { pathOf } from "./discovery.ts";
import { isExpired } from "./refusals.ts";
import type { Resources, Selection } from "./resources.ts";

type WatchChange =
  | { readonly type: "set"; readonly key: string; readonly object: KubeObject }
  | { readonly type: "removed"; readonly key: string };

export interface WatchOptions {
  readonly resources: Resources;
  readonly selection: Selection;
  /** What of an object is kept; all of it without one. */
  readonly keep?: (object: KubeObject) => KubeObject;
  readonly onChange?: (change: WatchChange) => void;
}

/** What is known, and since when it may be old. */
export class WatchCache {
  readonly #options: WatchOptions;
  readonly #objects = new Map<string, KubeObject>();
  readonly #stop = new AbortController();
  readonly #ready = Promise.withResolvers<void>();
  #running: Promise<void> | undefined;
  #version = "";
  /** Why it cannot follow at the moment. */
  error: WireError | undefined;
  /** How often everything was listed, and how often a bookmark came. */
  lists = 0;
  bookmarks = 0;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#follow();
  }

  /** Resolves when everything is known for the first time, or the cache is stopped. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  get objects(): readonly KubeObject[] {
    return [...this.#objects.values()];
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#ready.resolve();
    await this.#running;
  }

  async #follow(): Promise<void> {
    const { client } = this.#options.resources;
    const { signal } = this.#stop;
    let failures = 0;
    while (!signal.aborted) {
      this.error = (this.#version === "" ? await this.#list() : undefined) ?? (await this.#watch());
      if (this.error === undefined) {
        failures = 0;
        continue;
      }
      if (isExpired(this.error)) this.#version = "";
      const { retryDelayMs, retryDelayMsMax } = client.limits;
      await client.pause(Math.min(retryDelayMsMax, retryDelayMs * 2 ** failures++), signal);
    }
  }

  /** What has gone meanwhile is told too. */
  async #list(): Promise<WireError | undefined> {
    const listed = await this.#options.resources.list(this.#options.selection);
    if (!listed.ok) return listed.error;
    this.lists++;
    const gone = new Set(this.#objects.keys());
    for (const object of listed.value.items) {
      const key = keyOf(refOf(object));
      gone.delete(key);
      if (this.#objects.get(key)?.metadata.resourceVersion !== object.metadata.resourceVersion) this.#set(key, object);
    }
    for (const key of gone) this.#remove(key);
    this.#version = listed.value.resourceVersion;
    this.#ready.resolve();
    return undefined;
  }

  async #watch(): Promise<WireError | undefined> {
    const { resources, selection } = this.#options;
    const { client, discovery } = resources;
    const type = await discovery.find(selection.apiVersion, selection.kind);
    if (!type.ok) return type.error;
    const { namespace, labelSelector, fieldSelector } = selection;
    const connection = new AbortController();
    const end = (): void => connection.abort();
    if (this.#stop.signal.aborted) return undefined;
    this.#stop.signal.addEventListener("abort", end, { once: true });
    // A server that says nothing, not even a bookmark, may be gone without anybody having been told.
    const silenceMs = client.limits.watchSilenceMs;
    let silence = client.clock.after(silenceMs, end);
    let refusal: WireError | undefined;
    const answer = await client.lines(
      {
        path: pathOf(type.value, namespace === undefined ? {} : { namespace }),
        query: { watch: true, allowWatchBookmarks: true, resourceVersion: this.#version, labelSelector, fieldSelector },
        signal: connection.signal,
      },
      (line) => {
        silence();
        silence = client.clock.after(silenceMs, end);
        refusal = this.#take(line);
        if (refusal !== undefined) end();
      },
    );
    silence();
    this.#stop.signal.removeEventListener("abort", end);
    if (refusal !== undefined) return refusal;
    // A connection that ended is begun again where it was; a refusal is one.
    return answer.ok || connection.signal.aborted ? undefined : answer.error;
  }

  #take(line: string): WireError | undefined {
    const event = JSON.parse(line) as unknown;
    const object = at(event, "object");
    const type = textAt(event, "type");
    if (type === "ERROR") {
      const status = at(object, "code");
      return {
        code: "cluster_conflict",
        message: textAt(object, "message") ?? "the watch ended",
        details: { status, reason: status === 410 ? "Expired" : textAt(object, "reason") },
      };
    }
    const version = textAt(object, "metadata", "resourceVersion");
    if (asRecord(object) !== undefined && version !== undefined) this.#version = version;
    if (type === "BOOKMARK") {
      this.bookmarks++;
      return undefined;
    }
    const changed = object as KubeObject;
    const key = keyOf(refOf(changed));
    if (type === "DELETED") this.#remove(key);
    else this.#set(key, changed);
    return undefined;
  }

  #set(key: string, object: KubeObject): void {
    const kept = this.#options.keep?.(object) ?? object;
    this.#objects.set(key, kept);
    this.#options.onChange?.({ type: "set", key, object: kept });
  }

  #remove(key: string): void {
    if (this.#objects.delete(key)) this.#options.onChange?.({ type: "removed", key });
  }
}
