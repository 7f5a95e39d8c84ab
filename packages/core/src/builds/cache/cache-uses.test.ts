import { expect, test } from "bun:test";
import { CacheDesk, digestOf, key } from "./cache.fixture.suite.ts";

test("uses are gathered, written after a second, and count from then on", async () => {
  await using desk = new CacheDesk();
  await desk.store("out");
  desk.clock.advance(100_000);
  for (let n = 0; n < 3; n++) desk.view().find(key);
  desk.view().open(digestOf("out"));
  desk.view().find("none");
  desk.clock.advance(1_000);
  await desk.reopen();
  expect(desk.cache.stats().spaces).toEqual({ test: { hits: 3, misses: 1 } });
  const [entry] = desk.cache.why(key, undefined).entries;
  expect(entry).toMatchObject({ hits: 3, state: "good", bytes: 3 });
  expect(entry!.usedAt - entry!.createdAt).toBe(101_000);
});
