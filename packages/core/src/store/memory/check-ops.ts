// What must hold of operations before the first of them is written, so that none of them can fail half way.
import type { StoreOp } from "../../kernel/run-store.ts";
import { assert } from "./assert.ts";
import { isStandIn } from "../../kernel/blob-ref.ts";
import { checkReadable } from "./events.ts";
import type { Tables } from "./tables.ts";

/** Throws for a token that exists already, and for event data or state that cannot be read. */
export function checkOps(tables: Tables, ops: readonly StoreOp[]): void {
  const taken = new Set<string>();
  for (const op of ops) {
    switch (op.op) {
      case "event":
        checkReadable(op.match);
        checkReadable(op.large?.content);
        break;
      case "emit":
        checkReadable(op.content ?? op.payload);
        break;
      case "approval":
      case "token":
        if (op.op === "approval" && op.linked === true) break;
        assert(tables.tokens.get(op.token) === undefined && !taken.has(op.token), "a new token is not in use");
        taken.add(op.token);
        break;
      case "state":
        if (op.verb === "incr") checkInline(tables.state.get(op.scope, op.key, Number.NEGATIVE_INFINITY)?.value);
        if (op.verb === "set") assert(op.value !== undefined, "a state entry is set to a value");
        break;
      default:
        break;
    }
  }
}

function checkInline(value: Uint8Array | undefined): void {
  if (!isStandIn(value)) checkReadable(value);
}
