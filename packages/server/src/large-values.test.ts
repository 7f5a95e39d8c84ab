// Values larger than a frame of the worker protocol, between a real engine and a real worker child.
import { afterAll, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { unwrap } from "@sluice/core";
import { encodeValue, frameBytesMax } from "@sluice/protocol";
import { Fixture, work } from "./supervisor-fixture.suite.ts";

afterAll(() => rmSync(work, { recursive: true, force: true }));

test("reach a worker and come back in pieces, in a journal that is replayed too", async () => {
  await using f = new Fixture();
  await f.deploy(`export const a = workflow({ name: "a" }, async (ctx, input: string) => {
    const step = await ctx.step("s", () => input.toUpperCase());
    await ctx.waitFor("go");
    return [step.length === input.length, step];
  });`);
  const large = "x".repeat(frameBytesMax + 1_000_000);
  const run = await f.start("a", large);
  await f.untilRun(run, ({ status }) => status === "waiting");
  const [pid = 0] = f.pids;
  process.kill(pid, "SIGKILL");
  await f.until(() => (f.pids.length === 1 && f.pids[0] !== pid ? true : undefined));
  unwrap(await f.engine.emit({ by: { kind: "system", id: "test" }, name: "go", payload: encodeValue(1) }));
  expect(await f.output(run)).toEqual([true, large.toUpperCase()]);
}, 30_000);
