// What triggers hold, with the blobs and the data keys that belong to it.
import type { HeldStart } from "../../../kernel/trigger-store.ts";
import { blobOwners } from "../blob-refs.ts";
import type { Tables } from "../tables.ts";

interface Holding {
  readonly held: HeldStart;
  readonly now: number;
}

/** Holds a start, in the place of what was held under its key. */
export function hold(t: Tables, trigger: string, { held, now }: Holding): void {
  const before = t.triggers.heldUnder(trigger, [held.key])[0]?.payloadKey;
  if (held.payloadKey !== undefined && held.newKey !== undefined) t.payloadKeys.put(held.payloadKey, held.newKey, now);
  t.triggers.hold(trigger, held);
  if (before !== undefined && before !== held.payloadKey) t.payloadKeys.release(before);
  t.blobs.release(blobOwners.held(trigger, held.key));
  t.blobs.note(blobOwners.held(trigger, held.key), held.input);
}

/** Lets a held start go; its data key stays where its run has it. */
export function letGo(t: Tables, trigger: string, key: string): void {
  const payloadKey = t.triggers.heldUnder(trigger, [key])[0]?.payloadKey;
  t.triggers.release(trigger, key);
  if (payloadKey !== undefined) t.payloadKeys.release(payloadKey);
  t.blobs.release(blobOwners.held(trigger, key));
}
