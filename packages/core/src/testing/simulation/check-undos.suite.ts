// What a run that did not complete had begun is taken back: all of it, in reverse order, before its end.
import type { JournalEntry } from "@sluice/protocol";
import type { Reckoned, Reckoning } from "./checks.suite.ts";

export function checkUndos({ world, ledger }: Reckoning, { run, journal }: Reckoned): void {
  const undos = new Map(journal.filter((entry) => entry.seq < 0).map((entry) => [entry.seq, entry]));
  if (run.status === "completed") {
    if (undos.size > 0) world.fail(`run ${run.id} completed and has undone ${[...undos.keys()].join(", ")}`);
    return;
  }
  const begun = journal.filter((entry) => entry.seq >= 0 && entry.undo === true);
  for (const { seq, name } of begun) {
    const undo = undos.get(-seq - 1);
    if (undo === undefined)
      world.fail(`run ${run.id} is ${run.status} and ${name} (${seq}) was begun and never undone`);
    else checkUndo(undo, `undo of ${name} (${seq}) of run ${run.id}`);
  }
  if (undos.size > begun.length) world.fail(`run ${run.id} has undone what it had not begun`);
  const order = [...undos.values()].toSorted((a, b) => a.ord - b.ord).map((entry) => entry.seq);
  const reverse = order.toSorted((a, b) => a - b);
  if (order.join() !== reverse.join()) world.fail(`run ${run.id} undid in the order ${order.join(", ")}`);

  function checkUndo(undo: JournalEntry, what: string): void {
    if (undo.status === "failed" && run.reason !== "undo_failed")
      world.fail(`${what} failed and the run is ${run.status} for ${run.reason}`);
    if (undo.status !== "failed" && undo.status !== "completed")
      world.fail(`${what} is ${undo.status} although the run has ended`);
    if (undo.status === "completed" && !ledger.undone.has(`${run.id}:${undo.seq}`))
      world.fail(`${what} is recorded and nobody did it`);
    if (run.endedAt !== undefined && undo.end > run.endedAt && world.jumpedMs === 0)
      world.fail(`${what} came after the end`);
  }
}
