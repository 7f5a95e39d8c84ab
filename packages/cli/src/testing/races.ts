// The names of the branches of races: a journal has only the winner's.
import type { Branches, Context } from "@sluice/sdk";

export class Races {
  /** Names of the branches of each race of a run, in the order in which they were called. */
  readonly #runs = new Map<string, (readonly string[])[]>();

  /** The context as the workflow gets it. */
  watch(ctx: Context): Context {
    const races: (readonly string[])[] = [];
    // A replay calls them again, in the same order.
    this.#runs.set(ctx.run.id, races);
    const race = (branches: Branches): Promise<unknown> => {
      races.push(Object.keys(branches));
      return ctx.race(branches);
    };
    return new Proxy(ctx, {
      get: (target, key) => (key === "race" ? race : (Reflect.get(target, key, target) as unknown)),
    });
  }

  of(run: string): readonly (readonly string[])[] {
    return this.#runs.get(run) ?? [];
  }
}
