// A binary heap whose items know their place in it, so that one that is no longer wanted is taken out at once.

/** What a heap needs of its items: where they are in it, -1 while they are in none. An item is in one heap at most. */
export interface HeapItem {
  heapAt: number;
}

/** Smallest item first by `before`. Adding, removing and taking cost O(log n). */
export class Heap<T extends HeapItem> {
  readonly #items: T[] = [];
  readonly #before: (a: T, b: T) => boolean;

  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  /** Adds an item; one that is in the heap already stays where it is. */
  add(item: T): void {
    if (item.heapAt >= 0) return;
    this.#items.push(item);
    this.#up(item, this.#items.length - 1);
  }

  /** Takes an item out; nothing happens when it is not in. */
  remove(item: T): void {
    const at = item.heapAt;
    if (at < 0) return;
    item.heapAt = -1;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#up(last, at);
    this.#down(last, last.heapAt);
  }

  #up(item: T, from: number): void {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#items[above];
      if (parent === undefined || !this.#before(item, parent)) break;
      this.#put(parent, at);
      at = above;
    }
    this.#put(item, at);
  }

  #down(item: T, from: number): void {
    let at = from;
    for (;;) {
      const left = this.#items[2 * at + 1];
      const right = this.#items[2 * at + 2];
      const child = right !== undefined && left !== undefined && this.#before(right, left) ? right : left;
      if (child === undefined || !this.#before(child, item)) break;
      const next = child.heapAt;
      this.#put(child, at);
      at = next;
    }
    this.#put(item, at);
  }

  #put(item: T, at: number): void {
    this.#items[at] = item;
    item.heapAt = at;
  }
}
