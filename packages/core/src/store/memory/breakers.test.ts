import { expect, test } from "bun:test";
import { breakersMax } from "../breaker-rules.ts";
import { engineItself } from "../../kernel/inner-actor.ts";
import { Breakers } from "./breakers.ts";

test("beyond so many, attempts are let in and nothing is remembered", () => {
  const breakers = new Breakers();
  const plan = (name: string) => ({ name, threshold: 1, recovery: 10, probes: 1 });
  for (let i = 0; i < breakersMax; i++) breakers.enter({ by: engineItself, plan: plan(`b${i}`), now: 1 });
  expect(breakers.enter({ by: engineItself, plan: plan("further"), now: 1 })).toEqual({ outcome: "in", round: 0 });
  breakers.record({ ...plan("further"), round: 0, outcome: "failed" }, { error: "x", now: 1 });
  expect(breakers.list().some(({ name }) => name === "further")).toBe(false);
  expect(breakers.reset({ name: "further", now: 1 })).toEqual({ outcome: "not_found" });
});
