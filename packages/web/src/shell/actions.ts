// What the command palette can run and which keys run it: the shell's own actions and those of the screen that is open.
import type { Permission } from "@sluice/protocol";
import type { LucideIcon } from "lucide-react";

export interface Action {
  /** Of all actions; a later one with the same id stands in front of an earlier one. */
  readonly id: string;
  readonly label: string;
  /** Heading in the palette and in the sheet of shortcuts: `Go to`, `This run`. */
  readonly group: string;
  readonly run: () => void;
  readonly icon?: LucideIcon | undefined;
  /** One after the other with a space, together with `+`: `g r`, `mod+enter`. */
  readonly keys?: string | undefined;
  /** Further words it is found by. */
  readonly words?: string | undefined;
  /** Without this it is not offered. */
  readonly needs?: Permission | undefined;
}

/** The actions of one page, in the order in which they came. */
export class ActionRegistry {
  #sets: readonly (readonly Action[])[] = [];
  #all: readonly Action[] = [];
  readonly #listeners = new Set<() => void>();

  /** Those that can be run now. */
  get current(): readonly Action[] {
    return this.#all;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Offers actions until the returned function is called. */
  offer(actions: readonly Action[]): () => void {
    this.#use([...this.#sets, actions]);
    return () => this.#use(this.#sets.filter((set) => set !== actions));
  }

  #use(sets: readonly (readonly Action[])[]): void {
    this.#sets = sets;
    const byId = new Map<string, Action>();
    for (const action of sets.flat()) byId.set(action.id, action);
    this.#all = [...byId.values()];
    for (const listener of this.#listeners) listener();
  }
}
