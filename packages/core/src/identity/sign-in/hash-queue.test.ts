import { describe, expect, test } from "bun:test";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { expectRefused, good, settled } from "../identity.fixture.suite.ts";
import { HashQueue } from "./hash-queue.ts";

function queued(hashingMax: number, hashQueueMax: number) {
  const clock = new SimulatedClock();
  const queue = new HashQueue(clock, { hashingMax, hashQueueMax });
  const begun: string[] = [];
  const finish = new Map<string, () => void>();
  const run = (name: string) =>
    queue.run(() => {
      begun.push(name);
      return new Promise<string>((resolve) => finish.set(name, () => resolve(name)));
    });
  return { begun, clock, finish: (name: string) => finish.get(name)?.(), queue, run };
}

describe("passwords", () => {
  test("are hashed in order, so many at once and no more", async () => {
    const { begun, finish, run } = queued(2, 10);
    const jobs = ["a", "b", "c", "d"].map((name) => run(name));
    await settled();
    expect(begun).toEqual(["a", "b"]);
    finish("b");
    await settled();
    expect(begun).toEqual(["a", "b", "c"]);
    finish("a");
    finish("c");
    await settled();
    finish("d");
    expect((await Promise.all(jobs)).map((job) => good(job))).toEqual(["a", "b", "c", "d"]);
  });

  test("that are too many are refused at once, with the time the others will take", async () => {
    const { clock, finish, run } = queued(1, 2);
    const first = run("a");
    await settled();
    clock.advance(10_000);
    finish("a");
    good(await first);
    const jobs = [run("b"), run("c"), run("d")];
    const refused = await run("e");
    expectRefused(refused, "too_many_requests");
    // The average is a fifth of the way from 100 ms to 10 s; two wait.
    expectRefused(refused, "too_many_requests", { retryAfterMs: 4_160 });
    for (const name of ["b", "c", "d"]) {
      await settled();
      finish(name);
    }
    for (const job of jobs) good(await job);
    const last = run("f");
    await settled();
    finish("f");
    expect(good(await last)).toBe("f");
  });

  test("one that cannot be hashed makes room, and who comes meanwhile does not overtake", async () => {
    const { begun, finish, queue, run } = queued(1, 5);
    const failing = queue.run(() => Promise.reject(new Error("bad hash")));
    const waiting = run("a");
    const late = failing.catch(() => run("b"));
    expect(await failing.catch(String)).toBe("Error: bad hash");
    await settled();
    expect(begun).toEqual(["a"]);
    finish("a");
    await settled();
    finish("b");
    expect([good(await waiting), good(await late)]).toEqual(["a", "b"]);
  });
});
