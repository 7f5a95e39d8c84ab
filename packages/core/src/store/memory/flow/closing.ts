// A run that waited for further starts begins: they make a run of their own again.
import { gathered } from "../../flow/windows.ts";
import type { Change } from "../change.ts";
import type { RunRow } from "../rows.ts";

/** From here on starts make a run of their own again; what was gathered is its input. */
export function closePending(change: Change, row: RunRow): void {
  const { flowRows } = change.tables;
  flowRows.deleteWindowOf(row.record.id);
  const inputs = flowRows.takeInputs(row.record.id);
  if (inputs.length === 0) return;
  row.record.input = gathered(inputs);
  row.record.dueAt = change.now;
}
