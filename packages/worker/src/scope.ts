// Part of a run whose calls can be given up together: the whole run, or one branch of a race.

/** A scope given up never settles its calls again; its signal aborts what they run. */
export class Scope {
  #abandoned = false;
  #controller: AbortController | undefined;
  /** Set once the scope is aborted. */
  #aborted: { readonly reason: unknown } | undefined;
  /** Aborted together with this scope. */
  readonly #followers = new Set<AbortController>();
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
    this.#controller ??= this.follow(new AbortController());
    return this.#controller.signal;
  }

  /**
   * Aborts a controller together with this scope, at once if that has happened. Signals are passed on by hand: those that the
   * platform combines (`AbortSignal.any`) are never collected by Bun 1.4 while a listener of theirs refers to them.
   */
  follow(controller: AbortController): AbortController {
    const aborted = this.#whyAborted;
    if (aborted === undefined) this.#followers.add(controller);
    else controller.abort(aborted.reason);
    return controller;
  }

  unfollow(controller: AbortController): void {
    this.#followers.delete(controller);
  }

  get #whyAborted(): { readonly reason: unknown } | undefined {
    return this.#aborted ?? (this.#parent === undefined ? undefined : this.#parent.#whyAborted);
  }

  /** Aborts the signals of this scope and of inner ones; calls may still settle. */
  abort(reason: unknown): void {
    this.#aborted ??= { reason };
    for (const controller of this.#followers) controller.abort(reason);
    this.#followers.clear();
    for (const child of this.#children) child.abort(reason);
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
