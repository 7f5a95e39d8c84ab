// Places for those who follow something by server-sent events, counted by who they are: nobody takes those of all others.
import type { Principal } from "@sluice/core/identity";

export class StreamPlaces {
  readonly #each = new Map<string, number>();
  #taken = 0;

  /** Streams that are open. */
  get taken(): number {
    return this.#taken;
  }

  /** Streams of this user, or of this token that belongs to nobody. */
  takenBy(principal: Principal): number {
    return this.#each.get(nameOf(principal)) ?? 0;
  }

  /** Answers how to give it back, which is to be called once. */
  take(principal: Principal): () => void {
    const name = nameOf(principal);
    this.#taken++;
    this.#each.set(name, (this.#each.get(name) ?? 0) + 1);
    return () => {
      this.#taken--;
      const left = (this.#each.get(name) ?? 1) - 1;
      if (left === 0) this.#each.delete(name);
      else this.#each.set(name, left);
    };
  }
}

/** Whoever is not told apart from others counts as one. */
function nameOf({ user, token, kind }: Principal): string {
  return user?.id ?? token ?? kind;
}
