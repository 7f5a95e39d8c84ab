// Which entry each task settles, so that the recorder knows of results that nobody was told of: their runs were not in memory.
import type { RunStore } from "../../kernel/run-store.ts";

interface Settling {
  readonly settled: Map<number, "completed" | "failed">;
}

export class TaskPlaces {
  readonly #places = new Map<string, { readonly run: string; readonly seq: number }>();

  /** Operations of a run were written. */
  made({ run, ops }: Parameters<RunStore["append"]>[0]): void {
    for (const op of ops) if (op.op === "task") this.#places.set(op.task, { run, seq: op.seq });
  }

  /** A task has settled; what a delivery says of it is noted when that is. */
  settled(
    { task, error }: Parameters<RunStore["settleTask"]>[0],
    outcome: Awaited<ReturnType<RunStore["settleTask"]>>,
    runs: ReadonlyMap<string, Settling>,
  ): void {
    const place = this.#places.get(task);
    if (place === undefined || outcome.outcome !== "ok") return;
    if (outcome.effects.deliveries.some(({ run, event }) => run === place.run && event.event === "settle")) return;
    runs.get(place.run)?.settled.set(place.seq, error === undefined ? "completed" : "failed");
  }
}
