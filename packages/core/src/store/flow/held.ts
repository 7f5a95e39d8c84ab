// How many runs gates hold back, by the kind of gate.
import type { GateKind } from "@sluice/protocol";
import { partsOf } from "../../kernel/flow.ts";
import { sees } from "../../kernel/patterns.ts";
import type { AccessFilter } from "../../kernel/run-store.ts";
import { gatesOfLine, type LineRow } from "./flow-rows.ts";

/** Of lines of workflows that may be seen; one whose only gate is a queue's is seen by those who see everything. */
export function heldByKind(
  lines: Iterable<Pick<LineRow, "line" | "blocked" | "waiting">>,
  access: AccessFilter | undefined,
): Partial<Record<GateKind, number>> {
  const held: Partial<Record<GateKind, number>> = {};
  for (const { line, blocked, waiting } of lines) {
    if (blocked === null) continue;
    const workflow = gatesOfLine(line)
      .map((gate) => partsOf(gate).workflow)
      .find((name) => name !== "");
    if (access !== undefined && (workflow === undefined || !sees(access, workflow))) continue;
    const { kind } = partsOf(blocked);
    held[kind] = (held[kind] ?? 0) + waiting;
  }
  return held;
}
