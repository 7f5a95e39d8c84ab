// Runs that may take workers of other machines down. No flight recorder tells there what was executing: a loss is charged to every run
// that was executing on the machine. One that was there nearly too often goes on alone (`apart.ts`), and only a loss at which it was
// alone is its last. Of a worker that turns out to have lived on, nothing is charged: its connection was the loss.
import { SluiceError } from "@sluice/protocol";

export class RunCharges {
  /** By run: the life of a worker that was lost with it, and what is known of the loss. */
  readonly #losses = new Map<string, Map<string, string>>();

  /** Charges the loss of a worker to a run; how many there are now. */
  charge(run: string, { life, what }: { readonly life: string; readonly what: string }): number {
    const losses = this.#losses.get(run) ?? new Map<string, string>();
    this.#losses.set(run, losses.set(life, what));
    return losses.size;
  }

  /** Whether it is to go on with a worker to itself: the next loss may be its last. */
  goesAlone(run: string, crashesMax: number): boolean {
    return (this.#losses.get(run)?.size ?? 0) >= Math.max(1, crashesMax - 1);
  }

  /** The worker has come back as the process it was. */
  cameBack(life: string): void {
    for (const [run, losses] of this.#losses) if (losses.delete(life) && losses.size === 0) this.#losses.delete(run);
  }

  /** The run has done what it was doing. */
  clear(run: string): void {
    this.#losses.delete(run);
  }

  /** Why the run is not given out any more. `details.losses`: which worker was lost each time, and what was heard of it. */
  poisonOf(run: string): SluiceError {
    const losses = [...(this.#losses.get(run)?.values() ?? [])];
    return new SluiceError({
      code: "poison",
      message: `The run took its worker down ${losses.length} times, the last time alone: ${losses.at(-1) ?? ""}.`,
      hint: "Mend what it does, deploy, and resume or retry the run.",
      details: { losses },
    });
  }
}
