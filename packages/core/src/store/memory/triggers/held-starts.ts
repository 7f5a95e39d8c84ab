// What triggers hold, with the data keys that belong to it.
import type { HeldStart } from "../../../kernel/trigger-store.ts";
import { putKey, releaseKeys } from "../payload-keys/payload-keys.ts";
import type { Tables } from "../tables.ts";

type Held = Map<string, HeldStart>;

interface Holding {
  readonly held: HeldStart;
  readonly now: number;
}

/** Holds a start, in the place of what was held under its key. */
export function hold(tables: Tables, all: Held, { held: given, now }: Holding): void {
  const { newKey, ...held } = given;
  const before = all.get(held.key)?.payloadKey;
  const { payloadKey } = held;
  if (payloadKey !== undefined && newKey !== undefined)
    putKey(tables.payloadKeys, { id: payloadKey, key: newKey, now });
  all.set(held.key, held);
  if (before !== payloadKey) releaseKeys(tables, [before]);
}

/** Lets a held start go; its data key stays where its run has it. */
export function letGo(tables: Tables, all: Held, key: string): void {
  const payloadKey = all.get(key)?.payloadKey;
  all.delete(key);
  releaseKeys(tables, [payloadKey]);
}
