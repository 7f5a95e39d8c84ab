// Waiting for workers that give back what they have.
import { describe, expect, test } from "bun:test";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { Drains } from "./drains.ts";

describe("Drains", () => {
  test("wait until the worker has given everything back", async () => {
    const drains = new Drains(new SimulatedClock(0));
    const over = drains.wait("w1", 1_000);
    drains.over("w2");
    drains.over("w1");
    expect(await over.then(() => "over")).toBe("over");
  });

  test("give up a worker that says nothing", async () => {
    const clock = new SimulatedClock(0);
    const over = new Drains(clock).wait("w1", 1_000);
    expect(clock.advanceToNext()).toBe(true);
    expect(clock.now()).toBe(2_500);
    expect(await over.then(() => "over")).toBe("over");
  });
});
