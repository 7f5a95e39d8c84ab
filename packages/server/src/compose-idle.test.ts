import { expect, test } from "bun:test";
import { SimulatedClock } from "@sluice/core/testing";
import { tidyWhenIdle } from "./compose-idle.ts";

test("memory is given back once after work has ended, and again only after more work", () => {
  const clock = new SimulatedClock();
  let cpu = 400;
  let tidied = 0;
  const stop = tidyWhenIdle({ clock, cpuMs: () => cpu, tidy: () => tidied++ });
  for (let look = 0; look < 3; look++) {
    cpu += 500;
    clock.advance(3_000);
  }
  expect(tidied).toBe(0);
  clock.advance(3_000);
  expect(tidied).toBe(1);
  clock.advance(60_000);
  expect(tidied).toBe(1);
  cpu += 300;
  clock.advance(3_000);
  clock.advance(3_000);
  expect(tidied).toBe(2);
  stop();
  expect(clock.pending).toBe(0);
});
