// What triggers are called: their durable state is kept under it.
import type { TriggerManifest } from "@sluice/protocol";

/** Every kind but schedules, which have a table and rules of their own. */
export type KeptManifest = Exclude<TriggerManifest, { readonly type: "schedule" }>;

export function isKept(manifest: TriggerManifest): manifest is KeptManifest {
  return manifest.type !== "schedule";
}

/** Name of a trigger within its workflow: its own, or what it listens to. */
export function triggerName(manifest: KeptManifest): string {
  return manifest.type === "webhook" ? (manifest.name ?? `${manifest.method} ${manifest.path}`) : manifest.name;
}

/** What a trigger is known by everywhere: `WORKFLOW:NAME`. */
export function triggerId(workflow: string, manifest: KeptManifest): string {
  return `${workflow}:${triggerName(manifest)}`;
}

/** What it is to people: `file` for what a source of that name watches. */
export function triggerKind(manifest: KeptManifest): string {
  return manifest.type === "source" ? manifest.source : manifest.type;
}
