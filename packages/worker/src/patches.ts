// Guards of changed code: decided once for each run, journaled where they apply, so that a replay decides the same.
import type { Incarnation } from "./incarnation.ts";

export class Patches {
  readonly #run: Incarnation;
  /** What has been decided in this incarnation. */
  readonly #known = new Map<string, boolean>();

  constructor(run: Incarnation) {
    this.#run = run;
  }

  /** True when the run had not passed this point before the code got this patch. */
  apply(id: string): boolean {
    const run = this.#run;
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    if (run.isOver(run.scope)) return false;
    const applies = run.replay.patchApplies(id, run.phase === "replaying");
    this.#known.set(id, applies);
    if (!applies) return false;
    const place = run.place("patched", id);
    if (place === undefined) return false;
    const { seq, n, entry } = place;
    const ignore = (): void => undefined;
    run.open({ seq, scope: run.scope, wait: undefined, settle: ignore, reject: ignore });
    if (entry === undefined) run.live(() => run.push({ op: "patched", seq, name: id, n }, false));
    return true;
  }
}
