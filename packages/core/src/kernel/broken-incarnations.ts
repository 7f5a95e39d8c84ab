// Incarnations whose journal has a gap: an append was refused, so those made after it must not be kept either.
import { SluiceError } from "@sluice/protocol";

/** Which incarnations have had an append refused. One is forgotten when its run comes back under a later epoch. */
export class BrokenIncarnations {
  readonly #epochs = new Map<string, number>();

  /** Whether there is any. */
  get some(): boolean {
    return this.#epochs.size > 0;
  }

  /** An append of this incarnation was refused. */
  note(run: string, epoch: number): void {
    this.#epochs.set(run, Math.max(epoch, this.#epochs.get(run) ?? 0));
  }

  has(run: string, epoch: number): boolean {
    if (this.#epochs.size === 0) return false;
    const broken = this.#epochs.get(run);
    if (broken === undefined) return false;
    if (epoch > broken) this.#epochs.delete(run);
    return epoch <= broken;
  }
}

/** What an append after a refused one of the same incarnation is answered with. */
export function brokenError(run: string): SluiceError {
  return new SluiceError({
    code: "store_failed",
    message: `An earlier write of this incarnation of run ${run} was refused; nothing it did afterwards is kept.`,
    hint: "The run goes on from its journal by itself.",
  });
}
