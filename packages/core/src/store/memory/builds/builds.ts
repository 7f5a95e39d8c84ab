// Builds and worker bindings in plain memory.
import type {
  BuildEvent,
  BuildRecord,
  BuildStore,
  BuildWriteVerb,
  WorkerBinding,
} from "../../../kernel/build-store.ts";
import type { BuildRows } from "../../builds/build-rows.ts";
import { buildVerbs } from "../../builds/builds.ts";

type Params<Verb extends keyof BuildStore> = Parameters<BuildStore[Verb]>[0];
type Answer<Verb extends keyof BuildStore> = Awaited<ReturnType<BuildStore[Verb]>>;

/** The rows, by id and by worker. */
export class MemoryBuildRows implements BuildRows {
  readonly builds = new Map<string, BuildRecord>();
  readonly events = new Map<string, BuildEvent[]>();
  readonly bindings = new Map<string, WorkerBinding>();
  readonly blobs = new Map<string, Set<string>>();

  build(id: string): BuildRecord | undefined {
    return this.builds.get(id);
  }
  putBuild(build: BuildRecord): void {
    this.builds.set(build.id, build);
  }
  deleteBuild(id: string): void {
    this.builds.delete(id);
    this.events.delete(id);
    this.blobs.delete(id);
  }
  nameBlobs(build: string, hashes: readonly string[]): void {
    if (hashes.length > 0) this.blobs.set(build, new Set([...(this.blobs.get(build) ?? []), ...hashes]));
  }
  /** Some build names it. */
  names(hash: string): boolean {
    return [...this.blobs.values()].some((hashes) => hashes.has(hash));
  }
  countQueued(): number {
    return [...this.builds.values()].filter(({ status }) => status === "queued").length;
  }
  endedBefore(at: number, limit: number): readonly string[] {
    return [...this.builds.values()]
      .filter(({ endedAt }) => endedAt !== undefined && endedAt < at)
      .toSorted((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0))
      .slice(0, limit)
      .map(({ id }) => id);
  }
  addEvent(build: string, event: BuildEvent): void {
    const events = this.events.get(build) ?? [];
    events.push(event);
    this.events.set(build, events);
  }
  dropOldestOutput(build: string): number {
    const events = this.events.get(build) ?? [];
    const at = events.findIndex(({ kind }) => kind === "output");
    return at < 0 ? 0 : (events.splice(at, 1)[0]?.bytes?.length ?? 0);
  }
  binding(worker: string): WorkerBinding | undefined {
    return this.bindings.get(worker);
  }
  bindingOfToken(token: string): WorkerBinding | undefined {
    return [...this.bindings.values()].find((each) => each.token === token);
  }
  putBinding(binding: WorkerBinding): void {
    this.bindings.set(binding.worker, binding);
  }
}

/** What of the store it is part of it needs. */
interface BuildTables {
  readonly builds: MemoryBuildRows;
}
type Audited = <T>(
  asked: { readonly verb: string; readonly params: unknown },
  carryOut: (tables: BuildTables) => T,
) => T;

export class MemoryBuildStore implements BuildStore {
  readonly #audited: Audited;

  /** `audited` carries out a verb and writes the audit row about it; it throws when the store is closed. */
  constructor(audited: Audited) {
    this.#audited = audited;
  }

  #write<Verb extends BuildWriteVerb>(verb: Verb, params: Params<Verb>): Answer<Verb> {
    return this.#audited({ verb, params }, ({ builds }) => buildVerbs[verb](builds, params));
  }

  #rows(): MemoryBuildRows {
    return this.#audited({ verb: "", params: undefined }, ({ builds }) => builds);
  }

  async createBuild(p: Params<"createBuild">): Promise<Answer<"createBuild">> {
    return this.#write("createBuild", p);
  }
  async claimBuild(p: Params<"claimBuild">): Promise<Answer<"claimBuild">> {
    return this.#write("claimBuild", p);
  }
  async appendBuild(p: Params<"appendBuild">): Promise<Answer<"appendBuild">> {
    return this.#write("appendBuild", p);
  }
  async releaseBuilds(p: Params<"releaseBuilds">): Promise<Answer<"releaseBuilds">> {
    return this.#write("releaseBuilds", p);
  }
  async cancelBuild(p: Params<"cancelBuild">): Promise<Answer<"cancelBuild">> {
    return this.#write("cancelBuild", p);
  }
  async sweepBuilds(p: Params<"sweepBuilds">): Promise<Answer<"sweepBuilds">> {
    return this.#write("sweepBuilds", p);
  }
  async bindWorker(p: Params<"bindWorker">): Promise<Answer<"bindWorker">> {
    return this.#write("bindWorker", p);
  }
  async drainWorker(p: Params<"drainWorker">): Promise<Answer<"drainWorker">> {
    return this.#write("drainWorker", p);
  }
  async removeWorker(p: Params<"removeWorker">): Promise<Answer<"removeWorker">> {
    return this.#write("removeWorker", p);
  }

  async getBuild(p: Params<"getBuild">): Promise<Answer<"getBuild">> {
    return this.#rows().build(p.build);
  }

  async listBuilds(p: Params<"listBuilds">): Promise<Answer<"listBuilds">> {
    const oldest = p.order === "oldest";
    const sorted = [...this.#rows().builds.values()]
      .filter(({ status }) => p.status === undefined || status === p.status)
      .filter(({ id }) => p.cursor === undefined || (oldest ? id > p.cursor : id < p.cursor))
      .toSorted((a, b) => (a.id < b.id === oldest ? -1 : 1));
    const builds = sorted.slice(0, p.limit);
    const last = builds.length < p.limit ? undefined : builds.at(-1)?.id;
    return { builds, ...(last === undefined ? {} : { next: last }) };
  }

  async readBuildEvents(p: Params<"readBuildEvents">): Promise<Answer<"readBuildEvents">> {
    const found: BuildEvent[] = [];
    let bytes = 0;
    for (const event of this.#rows().events.get(p.build) ?? []) {
      if (event.no <= p.after) continue;
      const size = event.bytes?.length ?? 0;
      if (found.length >= p.limit || (found.length > 0 && bytes + size > p.bytesMax)) break;
      bytes += size;
      found.push(event);
    }
    return found;
  }

  async findWorker(p: Params<"findWorker">): Promise<Answer<"findWorker">> {
    const rows = this.#rows();
    if ("worker" in p) return rows.binding(p.worker);
    if ("token" in p) return rows.bindingOfToken(p.token);
    return [...rows.bindings.values()].find((each) => each.credentialHash === p.credentialHash);
  }

  async listWorkerBindings(): Promise<Answer<"listWorkerBindings">> {
    return [...this.#rows().bindings.values()].toSorted((a, b) => (a.worker < b.worker ? -1 : 1));
  }
}
