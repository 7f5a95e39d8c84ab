import { expect, test } from "bun:test";
import { fuzzTerminals } from "./fuzz.suite.ts";

test("whatever viewers send, nobody sees another terminal's output, and nothing ends but who spoke otherwise", async () => {
  const { messages, refused } = await fuzzTerminals({ seed: 1, isOver: (rounds) => rounds >= 12 });
  expect(messages).toBeGreaterThan(200);
  expect(refused).toBeGreaterThan(10);
  expect(refused).toBeLessThan(12 * 6);
});
