// STATE_*: within the token's prefixes, and in frames that every library reads.
import { expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import { FleetDesk } from "./fleet.fixture.suite.ts";

test("keys outside of the token's prefixes can neither be read nor written", async () => {
  const desk = await new FleetDesk().start();
  desk.door.permits.set("t1", { states: ["ci/*"] });
  const line = await desk.worker("a", { token: "t1" });
  for (const [name, more] of [
    ["STATE_GET", {}],
    ["STATE_SET", { value: 1 }],
    ["STATE_DELETE", {}],
  ] as const) {
    line.say(name, { key: "prod/x", ...more });
    line.say(name, { key: "ci/x", ...more });
    await desk.settle();
    expect(line.heard().map(([, { ok, error }]) => [ok, (error as { code?: string } | undefined)?.code])).toEqual([
      [false, "forbidden"],
      [true, undefined],
    ]);
  }
});

test("answers come in the order of the requests", async () => {
  const desk = await new FleetDesk().start();
  const line = await desk.worker("a");
  const asked = [1, 2, 3].flatMap((value) => [
    line.say("STATE_SET", { key: "k", value }),
    line.say("STATE_GET", { key: "k" }),
  ]);
  await desk.settle();
  await desk.settle();
  const heard = line.heard();
  expect(heard.map(([, payload]) => payload["request_id"])).toEqual(asked);
  expect(heard.flatMap(([, payload]) => ("value" in payload ? [payload["value"]] : []))).toEqual([1, 2, 3]);
});

test("a value that only we can write comes as JSON would show it", async () => {
  const desk = await new FleetDesk().start();
  const by = { kind: "user", id: "ada" } as const;
  const value = encodeValue({ at: new Date(0) });
  await desk.store.setState({ by, scope: "global", key: "k", value, now: desk.clock.now() });
  const line = await desk.worker("a");
  line.say("STATE_GET", { key: "k" });
  await desk.settle();
  expect(JSON.stringify(line.heard()[0]?.[1]["value"])).toContain("1970-01-01T00:00:00.000Z");
});
