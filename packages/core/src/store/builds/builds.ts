// What the verbs of builds and worker bindings do, one text for all adapters.
import type { BuildEventKind } from "@sluice/protocol";
import type {
  BuildEnd,
  BuildRecord,
  BuildStore,
  BuildWriteVerb,
  NewBuildEvent,
  WorkerBinding,
} from "../../kernel/build-store.ts";
import type { BuildRows } from "./build-rows.ts";

type Params<Verb extends BuildWriteVerb> = Parameters<BuildStore[Verb]>[0];
type Answer<Verb extends BuildWriteVerb> = Awaited<ReturnType<BuildStore[Verb]>>;

/** The build with events added behind those that are there; older output goes where there is too much. */
function extended(
  rows: BuildRows,
  build: BuildRecord,
  p: { readonly events: readonly NewBuildEvent[]; readonly keepBytes?: number | undefined },
): BuildRecord {
  let next = build;
  for (const event of p.events) {
    const no = next.events + 1;
    rows.addEvent(build.id, {
      ...event,
      no,
      epoch: next.epoch,
      ...(next.worker === undefined ? {} : { worker: next.worker }),
    });
    next = after(next, event);
  }
  return p.keepBytes === undefined ? next : trimmed(rows, next, p.keepBytes);
}

/** The build after one more event. */
function after(build: BuildRecord, event: NewBuildEvent): BuildRecord {
  const next = { ...build, events: build.events + 1 };
  const { at, bytes = new Uint8Array(0), done, kind, message, total } = event;
  if (kind === "started") return { ...next, startedAt: at };
  if (kind === "progress") {
    return {
      ...next,
      ...(done === undefined ? {} : { done }),
      ...(total === undefined ? {} : { total }),
      ...(message === undefined ? {} : { message }),
    };
  }
  if (kind !== "output") return next;
  const { length } = bytes;
  return { ...next, outputBytes: next.outputBytes + length, outputBytesSeen: next.outputBytesSeen + length };
}

function trimmed(rows: BuildRows, build: BuildRecord, keepBytes: number): BuildRecord {
  let left = build.outputBytes;
  while (left > keepBytes) {
    const dropped = rows.dropOldestOutput(build.id);
    if (dropped === 0) break;
    left -= dropped;
  }
  return left === build.outputBytes ? build : { ...build, outputBytes: left };
}

function noted(kind: BuildEventKind, at: number, message?: string): NewBuildEvent {
  return { kind, at, ...(message === undefined ? {} : { message }) };
}

function ended(rows: BuildRows, build: BuildRecord, p: { readonly end: BuildEnd; readonly now: number }): BuildRecord {
  const told = extended(rows, build, { events: [noted("ended", p.now, p.end.status)] });
  return { ...told, status: p.end.status, end: p.end, endedAt: p.now };
}

/** What somebody asked to end early is cancelled, however its worker says that it ended. */
function outcomeOf(build: BuildRecord, end: BuildEnd): BuildEnd {
  return build.cancelling ? { ...end, status: "cancelled" } : end;
}

function released(
  rows: BuildRows,
  build: BuildRecord,
  { why, now }: { readonly why: string; readonly now: number },
): BuildRecord {
  const told = extended(rows, build, { events: [noted("lost", now, why)] });
  if (build.cancelling) return ended(rows, told, { end: { status: "cancelled" }, now });
  const { done: _done, total: _total, message: _message, ...rest } = told;
  return { ...rest, status: "queued" };
}

/** What each verb does. */
export const buildVerbs: { readonly [Verb in BuildWriteVerb]: (rows: BuildRows, p: Params<Verb>) => Answer<Verb> } = {
  createBuild(rows, { by, build, blobs = [], queuedMax }) {
    if (rows.countQueued() >= queuedMax) return { outcome: "full" };
    const { kind, id } = by;
    const record: BuildRecord = {
      ...build,
      status: "queued",
      epoch: 0,
      by: { kind, id },
      cancelling: false,
      events: 0,
      outputBytes: 0,
      outputBytesSeen: 0,
    };
    const made = extended(rows, record, { events: [noted("queued", build.createdAt)] });
    rows.putBuild(made);
    rows.nameBlobs(made.id, blobs);
    return { outcome: "ok", build: made };
  },

  claimBuild(rows, { build: id, worker, now }) {
    const build = rows.build(id);
    if (build?.status !== "queued") return { outcome: "refused" };
    const given: BuildRecord = { ...build, status: "running", epoch: build.epoch + 1, worker };
    const told = extended(rows, given, { events: [noted("assigned", now)] });
    rows.putBuild(told);
    return { outcome: "ok", build: told };
  },

  appendBuild(rows, { build: id, epoch, events, end, blobs = [], keepBytes, now }) {
    const build = rows.build(id);
    if (build === undefined || build.status !== "running" || build.epoch !== epoch) return { outcome: "stale" };
    const told = extended(rows, build, { events, keepBytes });
    const next = end === undefined ? told : ended(rows, told, { end: outcomeOf(build, end), now });
    rows.putBuild(next);
    rows.nameBlobs(id, blobs);
    return { outcome: "ok", build: next };
  },

  releaseBuilds(rows, { builds, why, now }) {
    const taken: BuildRecord[] = [];
    for (const { build: id, epoch } of builds) {
      const build = rows.build(id);
      if (build === undefined || build.status !== "running" || build.epoch !== epoch) continue;
      const next = released(rows, build, { why, now });
      rows.putBuild(next);
      taken.push(next);
    }
    return { released: taken };
  },

  cancelBuild(rows, { build: id, now }) {
    const build = rows.build(id);
    if (build === undefined) return { outcome: "not_found" };
    if (build.status !== "queued" && build.status !== "running") return { outcome: "final", build };
    if (build.cancelling) return { outcome: "ok", build };
    const next =
      build.status === "queued"
        ? ended(rows, build, { end: { status: "cancelled" }, now })
        : { ...extended(rows, build, { events: [noted("cancelling", now)] }), cancelling: true };
    rows.putBuild(next);
    return { outcome: "ok", build: next };
  },

  sweepBuilds(rows, { endedBefore, limit }) {
    const builds = rows.endedBefore(endedBefore, limit);
    for (const build of builds) rows.deleteBuild(build);
    return { swept: builds.length };
  },

  bindWorker(rows, { worker, token, credentialHash, now }) {
    const named = rows.binding(worker);
    const tokens = rows.bindingOfToken(token);
    if (tokens?.removedAt !== undefined) return { outcome: "removed", binding: tokens };
    if (tokens !== undefined) return { outcome: tokens.worker === worker ? "bound" : "token_taken", binding: tokens };
    if (named !== undefined && named.removedAt === undefined) return { outcome: "worker_taken", binding: named };
    const binding: WorkerBinding = { worker, token, credentialHash, createdAt: now, draining: false };
    rows.putBinding(binding);
    return { outcome: "ok", binding };
  },

  drainWorker(rows, { worker, draining }) {
    const binding = rows.binding(worker);
    if (binding === undefined || binding.removedAt !== undefined) return { outcome: "not_found" };
    rows.putBinding({ ...binding, draining });
    return { outcome: "ok" };
  },

  removeWorker(rows, { worker, now }) {
    const binding = rows.binding(worker);
    if (binding === undefined || binding.removedAt !== undefined) return { outcome: "not_found" };
    rows.putBinding({ ...binding, removedAt: now });
    return { outcome: "ok" };
  },
};
