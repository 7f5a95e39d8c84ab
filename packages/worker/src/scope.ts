// Part of a run whose calls can be given up together: the whole run, or one branch of a race.

/** A scope given up never settles its calls again; its signal aborts what they run. */
export class Scope {
  #abandoned = false;
  #controller: AbortController | undefined;
  readonly #parent: Scope | undefined;
  readonly #children = new Set<Scope>();
  /** Entries opened in this scope that have not settled. */
  readonly open = new Set<number>();
  /** Locks held by what runs in this scope, by name, with their fences. */
  readonly locks = new Map<string, number>();

  constructor(parent?: Scope) {
    this.#parent = parent;
    if (parent !== undefined) parent.#children.add(this);
  }

  get abandoned(): boolean {
    return this.#abandoned || (this.#parent !== undefined && this.#parent.abandoned);
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#parent === undefined) return this.#controller.signal;
    return AbortSignal.any([this.#controller.signal, this.#parent.signal]);
  }

  /** Aborts the signal; calls may still settle. */
  abort(reason: unknown): void {
    this.#controller ??= new AbortController();
    this.#controller.abort(reason);
  }

  /** Locks held in this scope and inner ones. */
  heldLocks(): (readonly [name: string, fence: number])[] {
    const held: (readonly [name: string, fence: number])[] = [...this.locks];
    for (const child of this.#children) held.push(...child.heldLocks());
    return held;
  }

  /** Gives the scope up; the numbers of its open entries, those of inner scopes included. */
  abandon(reason: unknown): number[] {
    this.#abandoned = true;
    this.abort(reason);
    if (this.#parent !== undefined) this.#parent.#children.delete(this);
    const open = [...this.open];
    for (const child of this.#children) open.push(...child.abandon(reason));
    return open;
  }
}
