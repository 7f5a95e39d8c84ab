// What the journal says of tokens, as far as whoever reads it may have them: each is the permission to settle a wait.
import { isFor, termsOf } from "@sluice/core";
import type { JournalEntry } from "@sluice/protocol";
import { approvalLinkPrefix, decodeValue, SluiceError } from "@sluice/protocol";
import type { Call } from "./call.ts";
import { deciderOf } from "./deciders.ts";

/** Whether the result of an entry, as it is stored, may be shown. */
export type MayShow = (entry: Pick<JournalEntry, "kind" | "name" | "value">) => Promise<boolean>;

/**
 * What completes a callback is for those who may decide. The link of an approver is for that approver alone: with others' links
 * one person could decide in the place of several.
 */
export function tokensFor(call: Call, workflow: string): MayShow {
  const mayDecide = call.may("approval:decide", workflow);
  let decider: ReturnType<typeof deciderOf> | undefined;
  return async ({ kind, name, value }) => {
    if (kind !== "token" || value === undefined) return true;
    if (!mayDecide) return false;
    if (!name.startsWith(approvalLinkPrefix)) return true;
    decider ??= deciderOf(call);
    const asked = await decider;
    if (asked.operator) return true;
    const token = await tokenIn(call, value);
    const record = token === undefined ? undefined : await call.engine.store.getToken({ token });
    return record !== undefined && isFor(termsOf(record), asked);
  };
}

/** The token that is the result of an entry; undefined for one that cannot be read any more. */
async function tokenIn({ engine }: Call, value: Uint8Array): Promise<string | undefined> {
  const found = engine.values.isRef(value) ? await engine.values.find(value) : value;
  if (found instanceof SluiceError) return undefined;
  const token = decodeValue(found);
  return typeof token === "string" ? token : undefined;
}
