// Changing shared state from outside runs, with the version as the guard against lost updates.
import type { RunStore } from "../../kernel/run-store.ts";
import { blobOwners } from "./blob-refs.ts";
import { deleteState } from "./retention.ts";
import type { Tables } from "./tables.ts";

type Params<Verb extends keyof RunStore> = Parameters<RunStore[Verb]>[0];

export function setState(t: Tables, p: Params<"setState">): Awaited<ReturnType<RunStore["setState"]>> {
  const before = p.once === undefined ? undefined : t.state.madeOnce(p.once);
  if (before !== undefined) return { outcome: "ok", version: before.version, known: before.value };
  const current = t.state.get(p.scope, p.key, p.now)?.version ?? 0;
  if (p.ifVersion !== undefined && p.ifVersion !== current) return { outcome: "conflict", version: current };
  const version = t.state.put(p, p.value);
  t.blobs.release(blobOwners.state(p.scope, p.key));
  t.blobs.note(blobOwners.state(p.scope, p.key), p.value);
  if (p.once !== undefined && t.runs.get(p.once.run) !== undefined)
    t.state.putOnce(p.once, { version, value: p.value });
  return { outcome: "ok", version };
}

export function deleteStateKey(t: Tables, p: Params<"deleteState">): { outcome: "ok" | "not_found" | "conflict" } {
  const current = t.state.get(p.scope, p.key, p.now);
  if (current === undefined) return { outcome: "not_found" };
  if (p.ifVersion !== undefined && p.ifVersion !== current.version) return { outcome: "conflict" };
  deleteState(t, p.scope, p.key);
  return { outcome: "ok" };
}
