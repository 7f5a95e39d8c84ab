import { expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { onEvent } from "@sluice/sdk";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { EngineFixture, pass } from "../engine-fixture.suite.ts";
import { begin, echo } from "../trigger-fixture.suite.ts";

const waits = echo("waits", [onEvent("e", { condition: () => new Promise<boolean>(() => undefined) })]);
const throws = echo("throws", [
  onEvent("e", {
    condition: () => {
      throw new RangeError("too far");
    },
  }),
]);

test("what a function throws, and that it does not answer, is an answer", async () => {
  const clock = new SimulatedClock(begin);
  const fixture = await EngineFixture.start({ workflows: [waits, throws], clock });
  const { triggers } = fixture.engine;
  expect(await triggers.ask("throws:e", encodeValue(1))).toMatchObject({
    ok: false,
    error: { code: "trigger_failed", message: expect.stringContaining("RangeError: too far") },
  });
  const late = triggers.ask("waits:e", encodeValue(1));
  await pass(clock, 10_000);
  expect(await late).toMatchObject({ ok: false, error: { message: expect.stringContaining("did not answer") } });
  fixture.dead = true;
  const silent = triggers.ask("throws:e", encodeValue(1));
  await pass(clock, 12_000);
  expect(await silent).toMatchObject({ ok: false, error: { code: "no_worker" } });
});

test("without a worker nobody is asked, and a stop ends the wait", async () => {
  const fixture = await EngineFixture.start({ workflows: [waits] });
  const pending = fixture.engine.triggers.ask("waits:e", encodeValue(1));
  expect(await fixture.engine.triggers.ask("none", encodeValue(1))).toMatchObject({
    error: { code: "trigger_not_found" },
  });
  await fixture.engine.stop(0);
  expect(await pending).toMatchObject({ ok: false, error: { code: "no_worker" } });
});
