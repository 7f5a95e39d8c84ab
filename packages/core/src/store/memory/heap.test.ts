import { expect, test } from "bun:test";
import { SimulatedRandom } from "../../testing/simulated-random.ts";
import { Heap } from "./heap.ts";

interface Item {
  readonly rank: number;
  heapAt: number;
}

function drain(heap: Heap<Item>): number[] {
  const ranks: number[] = [];
  for (let item = heap.peek(); item !== undefined; item = heap.peek()) {
    ranks.push(item.rank);
    heap.remove(item);
  }
  return ranks;
}

test("the smallest is first whatever was added and removed before", () => {
  const random = new SimulatedRandom(11);
  for (let round = 0; round < 200; round++) {
    const heap = new Heap<Item>((a, b) => a.rank < b.rank);
    const items = Array.from({ length: random.int(0, 40) }, () => ({ rank: random.int(0, 20), heapAt: -1 }));
    for (const item of items) heap.add(item);
    const gone = new Set(items.filter(() => random.chance(0.4)));
    for (const item of random.shuffle([...gone])) heap.remove(item);
    const left = items.filter((item) => !gone.has(item));
    expect(heap.size).toBe(left.length);
    expect(drain(heap)).toEqual(left.map((item) => item.rank).toSorted((a, b) => a - b));
    expect(items.every((item) => item.heapAt === -1)).toBe(true);
  }
});

test("adding twice and removing what is not in it change nothing", () => {
  const heap = new Heap<Item>((a, b) => a.rank < b.rank);
  const [one, two] = [
    { rank: 1, heapAt: -1 },
    { rank: 2, heapAt: -1 },
  ] as const;
  heap.add(two);
  heap.add(two);
  heap.remove(one);
  expect([heap.size, heap.peek()]).toEqual([1, two]);
});
