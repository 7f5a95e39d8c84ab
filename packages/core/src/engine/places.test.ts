import { describe, expect, test } from "bun:test";
import { Places } from "./places.ts";

function placesFor(max: number) {
  const state = { taken: 0, freed: 0 };
  const places = new Places({ max, taken: () => state.taken, onFree: () => state.freed++ });
  return { state, places };
}

describe("places", () => {
  test("are those that are neither taken nor reserved", () => {
    const { state, places } = placesFor(5);
    const give = places.reserve(2);
    state.taken = 1;
    expect(places.free).toBe(2);
    give();
    expect(places.free).toBe(4);
  });

  test("are offered once to whoever found none", () => {
    const { state, places } = placesFor(1);
    const give = places.reserve(1);
    places.freed();
    places.want();
    places.freed();
    expect(state.freed).toBe(0);
    give();
    places.freed();
    expect(state.freed).toBe(1);
  });
});

describe("a rest", () => {
  test("begins at once, and is complete when nothing is on its way", async () => {
    const { places } = placesFor(5);
    const give = [places.reserve(1), places.reserve(0)];
    let still = false;
    const rest = places.rest().then(() => (still = true));
    expect(places.free).toBe(0);
    give[0]?.();
    await Promise.resolve();
    expect(still).toBe(false);
    give[1]?.();
    await rest;
    expect(still).toBe(true);
  });

  test("ends, and who wanted a place hears of it", async () => {
    const { state, places } = placesFor(5);
    await places.rest();
    places.want();
    places.freed();
    expect(state.freed).toBe(0);
    places.wake();
    expect({ free: places.free, freed: state.freed }).toEqual({ free: 5, freed: 1 });
  });
});
