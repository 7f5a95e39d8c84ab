// The seeded generator: the same for ever, or journals of runs in flight would no longer fit their code.
import { describe, expect, test } from "bun:test";
import { SeededRandom } from "./seeded.ts";

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("a generator", () => {
  test("gives the same numbers for the same run, in this version and in every later one", () => {
    const random = new SeededRandom("run_1");
    const golden = [3132103521, 3630092431, 0.16687293197770803, "dc3454f2-0e2e-421a-9cd5-989ac57e3dae"];
    expect([random.uint32(), random.uint32(), random.float(), random.uuid()]).toEqual(golden);
    const again = new SeededRandom("run_1");
    expect([again.uint32(), again.uint32(), again.float(), again.uuid()]).toEqual(golden);
  });

  test("gives others for another run, however alike the ids", () => {
    const firsts = new Set(Array.from({ length: 1_000 }, (_, i) => new SeededRandom(`run_${i}`).uint32()));
    expect(firsts.size).toBeGreaterThan(995);
  });

  test("spreads floats over 0 ≤ x < 1", () => {
    const random = new SeededRandom("floats");
    const buckets = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 10_000; i++) {
      const float = random.float();
      expect(float).toBeGreaterThanOrEqual(0);
      expect(float).toBeLessThan(1);
      const bucket = Math.floor(float * 10);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    for (const count of buckets) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });

  test("makes UUIDs of version 4 that do not repeat", () => {
    const random = new SeededRandom("uuids");
    const made = Array.from({ length: 1_000 }, () => random.uuid());
    for (const uuid of made) expect(uuid).toMatch(uuidPattern);
    expect(new Set(made).size).toBe(1_000);
    expect(new Set(made.map((uuid) => uuid[19])).size).toBe(4);
  });
});
