// Writes one object as planned, whatever happens in between: looks first, acts on what was seen and on nothing else, and looks again
// when it cannot know what became of it. Doing it twice changes nothing.
import type { WireError } from "@sluice/protocol";
import type { Resources } from "../client/resources.ts";
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import { canonicalJson, keyOf, listAt, refOf } from "../objects.ts";
import type { KubeObject } from "../objects.ts";
import type { FieldConflict } from "../client/refusals.ts";
import type { Sha256 } from "../ports.ts";
import { isOldManager, migrated, migrationPatch } from "../plans/client-side.ts";
import { digestOf, epochAnnotation, intentAnnotation } from "../plans/diff.ts";
import { isFenced } from "./fence.ts";
import { isForced } from "../plans/policy.ts";
import { shown } from "../plans/planner.ts";

/** Owns the epoch on every object of every component. */
const epochManager = "sluice-epoch";

/** On whose behalf objects are written. */
export interface Writing {
  readonly resources: Resources;
  readonly manager: string;
  readonly epoch: number;
  /** Fields that are taken from others. */
  readonly force: readonly string[];
  readonly sha256: Sha256;
  readonly signal?: AbortSignal | undefined;
}

/** What the object was when the plan was made; both undefined: there was none. */
export interface Expected {
  readonly uid: string | undefined;
  readonly digest: string | undefined;
  /** What this operation has taken over may be anything by now, or gone: it is taken back. */
  readonly taken?: true;
}

export interface Written {
  readonly outcome: "created" | "configured" | "unchanged";
  readonly uid: string;
}

function named({ apiVersion, kind, metadata }: KubeObject) {
  return { apiVersion, kind, name: metadata.name, namespace: metadata.namespace };
}

/** The epoch under which the object was taken over last; 0 where it never was. */
export function epochOf(object: KubeObject): number {
  return Number(object.metadata.annotations?.[epochAnnotation] ?? 0);
}

function superseded(object: KubeObject, epoch: number): WireError {
  return {
    code: "operation_superseded",
    message: `${keyOf(refOf(object))} was taken over under epoch ${epochOf(object)}; this operation has ${epoch}.`,
    hint: "A later operation has the component: it says what became of it.",
  };
}

function fenced(object: KubeObject, epoch: number): WireError {
  return {
    code: "operation_superseded",
    message: `${keyOf(refOf(object))} may not be made any more under epoch ${epoch}: a later operation has the component.`,
    hint: "A later operation has the component: it says what became of it.",
  };
}

function stale(object: KubeObject, why: string): WireError {
  return {
    code: "plan_stale",
    message: `${keyOf(refOf(object))} ${why} since the plan was made.`,
    hint: "Make a new plan: what it changes is no longer what was approved.",
  };
}

/** Looks and acts until it is settled; an answer that did not come is found out by looking. */
async function settled<T>(
  { resources, signal }: Writing,
  turn: () => Promise<{ readonly done: Result<T> } | { readonly again: WireError }>,
): Promise<Result<T>> {
  const { observationsMax, retryDelayMs, retryDelayMsMax } = resources.client.limits;
  for (let looks = 1; ; looks++) {
    const came = await turn();
    if ("done" in came) return came.done;
    if (looks >= observationsMax) return fail(came.again);
    const delayMs = Math.min(retryDelayMsMax, retryDelayMs * 2 ** (looks - 1));
    if (!(await resources.client.pause(delayMs, signal))) return fail(came.again);
  }
}

/** Whether looking again can help: somebody wrote in between, or nobody knows what became of it. */
function isPassing({ code, details }: WireError): boolean {
  const conflicts = listAt(details, "conflicts").length;
  return (
    (code === "cluster_conflict" && conflicts === 0) ||
    code === "cluster_timeout" ||
    code === "cluster_unreachable" ||
    code === "cluster_busy"
  );
}

/**
 * Marks what is there as taken over under this epoch, so that whoever acted on an earlier look at it is refused by the cluster. An
 * object that is not there needs none.
 */
export async function takeOver(object: KubeObject, writing: Writing): Promise<Result<null>> {
  const { resources, epoch } = writing;
  return settled(writing, async () => {
    const live = await resources.get(named(object));
    if (!live.ok) return live.error.code === "unknown_kind" ? { done: ok(null) } : again(live.error);
    if (live.value === undefined || epochOf(live.value) === epoch) return { done: ok(null) };
    if (epochOf(live.value) > epoch) return { done: fail(superseded(live.value, epoch)) };
    const { name, namespace, uid, resourceVersion } = live.value.metadata;
    const annotations = { [epochAnnotation]: String(epoch) };
    const { apiVersion, kind } = object;
    const stamp = { apiVersion, kind, metadata: { name, namespace, uid, resourceVersion, annotations } };
    const stamped = await resources.apply({
      object: stamp,
      manager: epochManager,
      force: true,
      signal: writing.signal,
    });
    return stamped.ok ? { done: ok(null) } : again(stamped.error);
  });
}

function again<T>(error: WireError): { readonly done: Result<T> } | { readonly again: WireError } {
  return isPassing(error) ? { again: error } : { done: fail(error) };
}

/** Applies one object. `plan_stale` where it is no longer what was planned for, `operation_superseded` where a later one has it. */
export async function writeObject(object: KubeObject, expected: Expected, writing: Writing): Promise<Result<Written>> {
  const { resources, manager, epoch, sha256 } = writing;
  const intent = sha256(canonicalJson(object)).slice(0, 32);
  return settled<Written>(writing, async () => {
    const live = await resources.get(named(object));
    if (!live.ok) return again(live.error);
    const wrong = misfit(object, live.value, { expected, intent, epoch, sha256 });
    if (wrong !== undefined) return { done: fail(wrong) };
    const fields = live.value === undefined ? undefined : migrated(live.value, manager);
    if (live.value !== undefined && fields !== undefined) {
      const moved = await resources.patch(named(object), { type: "json", patch: migrationPatch(live.value, fields) });
      return moved.ok
        ? { again: { code: "cluster_conflict", message: "Its fields were taken over." } }
        : again(moved.error);
    }
    const marked = withMarks(object, { epoch, intent, live: live.value });
    const applied = await resources.apply({ object: marked, manager, signal: writing.signal });
    const final = applied.ok ? applied : await forced(marked, applied.error, writing);
    if (!final.ok) {
      if (isPassing(final.error)) return { again: final.error };
      if (isFenced(final.error)) return { done: fail(fenced(object, epoch)) };
      return { done: fail({ ...final.error, message: `${keyOf(refOf(object))}: ${shown(object, final.error)}` }) };
    }
    const { metadata } = final.value.object;
    const same = metadata.resourceVersion === live.value?.metadata.resourceVersion;
    const outcome = final.value.created ? "created" : same ? "unchanged" : "configured";
    return { done: ok({ outcome, uid: metadata.uid ?? "" }) };
  });
}

/** Why what is there is not what may be written to. */
function misfit(
  object: KubeObject,
  live: KubeObject | undefined,
  p: { readonly expected: Expected; readonly intent: string; readonly epoch: number; readonly sha256: Sha256 },
): WireError | undefined {
  const { expected, intent, epoch, sha256 } = p;
  if (live === undefined)
    return expected.uid === undefined || expected.taken === true ? undefined : stale(object, "has been deleted");
  if (epochOf(live) > epoch) return superseded(live, epoch);
  if (live.metadata.deletionTimestamp !== undefined) return stale(object, "is being deleted");
  // Written by this operation before it was interrupted, or by an earlier one with the same intent.
  if (epochOf(live) === epoch && (expected.taken === true || live.metadata.annotations?.[intentAnnotation] === intent))
    return undefined;
  if (expected.uid === undefined) return stale(object, "has been made by somebody else");
  if (live.metadata.uid !== expected.uid) return stale(object, "has been deleted and made anew");
  return digestOf(live, sha256) === expected.digest ? undefined : stale(object, "has changed");
}

function withMarks(
  object: KubeObject,
  { epoch, intent, live }: { readonly epoch: number; readonly intent: string; readonly live: KubeObject | undefined },
): KubeObject {
  const { uid, resourceVersion } = live?.metadata ?? {};
  const annotations = { ...object.metadata.annotations, [epochAnnotation]: String(epoch), [intentAnnotation]: intent };
  const seen = uid === undefined ? {} : { uid, resourceVersion };
  return { ...object, metadata: { ...object.metadata, ...seen, annotations } };
}

/** Takes fields from others, where all of them are named. */
async function forced(
  object: KubeObject,
  error: WireError,
  { resources, manager, force, signal }: Writing,
): ReturnType<Resources["apply"]> {
  const conflicts = listAt(error.details, "conflicts") as readonly FieldConflict[];
  // A conflict over the epoch is never forced: a later operation has the object.
  const taken = conflicts.every(({ field, manager: owner }) => isForced(force, field) || isOldManager(owner));
  if (conflicts.length === 0 || !taken) return fail(error);
  return resources.apply({ object, manager, force: true, signal });
}

/** Removes what was seen, and nothing that has its name since. */
export async function removeObject(
  object: KubeObject,
  p: Expected & { readonly anyContent?: boolean },
  writing: Writing,
): Promise<Result<"removed" | "gone">> {
  const { resources, epoch, sha256 } = writing;
  return settled<"removed" | "gone">(writing, async () => {
    const live = await resources.get(named(object));
    if (!live.ok) return again(live.error);
    if (live.value === undefined || live.value.metadata.uid !== p.uid) return { done: ok("gone") };
    if (epochOf(live.value) > epoch) return { done: fail(superseded(live.value, epoch)) };
    if (live.value.metadata.deletionTimestamp !== undefined) return { done: ok("removed") };
    if (p.anyContent !== true && digestOf(live.value, sha256) !== p.digest)
      return { done: fail(stale(object, "has changed")) };
    const { uid, resourceVersion } = live.value.metadata;
    const removed = await resources.remove(named(object), { uid, resourceVersion });
    if (!removed.ok) return again(removed.error);
    return { done: ok(removed.value === "gone" ? "gone" : "removed") };
  });
}

/** For those who only have the names of an object. */
export function bareObject(of: {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}): KubeObject {
  const { apiVersion, kind, namespace, name } = of;
  return { apiVersion, kind, metadata: { name, ...(namespace === "" ? {} : { namespace }) } };
}
