// The triggers of a deployment: forms, and the port through which other parts start runs.
import { describe, expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { fileWatch, manual, poll } from "@sluice/sdk";
import type { TriggerSource } from "../../kernel/trigger-source.ts";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { MemoryRunStore } from "../../store/memory/index.ts";
import { EngineFixture, pass, tester } from "../engine-fixture.suite.ts";
import { begin, echo, inputsOf, make, numbers } from "../trigger-fixture.suite.ts";

describe("a manual trigger", () => {
  test("starts a run from what was filled in, as its schema makes it", async () => {
    const form = echo("form", [manual({ title: "Count", schema: numbers, input: (values) => ({ values }) })]);
    const { store, fixture } = await make([form]);
    const start = (values: unknown) =>
      fixture.engine.triggers.startByHand({ by: tester, trigger: "form:manual", values: encodeValue(values) });
    expect(await start({ n: "x" })).toMatchObject({ ok: false, error: { code: "invalid_input" } });
    expect(await start({ n: 4 })).toMatchObject({ ok: true, value: { created: true } });
    expect(await inputsOf(store)).toEqual([{ values: { n: 40 } }]);
    await fixture.engine.stop(0);
  });
});

describe("the port for sources", () => {
  test("starts a run under a key once, and again in another form", async () => {
    let told: Parameters<TriggerSource["watch"]> | undefined;
    const source: TriggerSource = {
      source: "file",
      watch: (triggers, sink) => void (told = [triggers, sink]),
      stop: async () => undefined,
    };
    const { store, fixture } = await make([echo("files", [fileWatch("in/*.csv")])], { sources: [source] });
    if (told === undefined) throw new Error("the source was not told");
    const [[watched], sink] = told;
    expect(watched).toMatchObject({ id: "files:in/*.csv", workflow: "files" });
    const trigger = "files:in/*.csv";
    const report = (key: string, mark: string) =>
      sink.report({ trigger, happenings: [{ key, mark, input: encodeValue(`${key} ${mark}`) }] });
    expect(await report("a", "1")).toMatchObject({ value: { started: 1, duplicates: 0 } });
    expect(await report("a", "1")).toMatchObject({ value: { started: 0, duplicates: 1 } });
    expect(await report("a", "2")).toMatchObject({ value: { started: 1 } });
    expect(await inputsOf(store)).toEqual(["a 1", "a 2"]);
    expect([...(await sink.marks(trigger)).keys()]).toEqual(["a"]);
    await sink.ail(trigger, new Error("cannot look"));
    expect(fixture.engine.triggers.get(trigger)?.record.failures).toBe(1);
    await sink.ail(trigger, undefined);
    expect(fixture.engine.triggers.get(trigger)?.record.failures).toBe(0);
    await fixture.engine.stop(0);
  });
});

describe("a deployment", () => {
  test("keeps how far its triggers have got, and ends those that it no longer has", async () => {
    const clock = new SimulatedClock(begin);
    const store = new MemoryRunStore();
    const found: (string | undefined)[] = [];
    const feed = (every: string) =>
      echo("feed", [
        poll<{ id: string }, string>("items", {
          every,
          fetch: ({ cursor }) => {
            found.push(cursor);
            return { items: [], cursor: `${cursor ?? ""}x` };
          },
        }),
      ]);
    const fixture = await EngineFixture.start({ workflows: [feed("1m")], clock, store });
    await pass(clock, 0);
    await fixture.attach({ workflows: [feed("2m")], version: "v2" });
    await pass(clock, 60_000);
    await pass(clock, 120_000);
    expect(found).toEqual([undefined, "x", "xx"]);
    await fixture.attach({ workflows: [echo("feed", [])], version: "v3" });
    await pass(clock, 600_000);
    expect([found.length, fixture.engine.triggers.list()]).toEqual([3, []]);
    await fixture.engine.stop(0);
  });

  test("with two triggers of one name is refused", async () => {
    const twice = echo("feed", [manual({ name: "a" }), poll("a", { every: "1m", fetch: () => [] })]);
    const { fixture } = await make([]);
    const refused = await fixture
      .attach({ workflows: [twice], version: "v2" })
      .catch((error: unknown) => String(error));
    expect(refused).toContain("are named");
    await fixture.engine.stop(0);
  });
});
