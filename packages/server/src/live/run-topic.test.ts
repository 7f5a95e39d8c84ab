// What a run streams, over the live socket: the same pieces as over server-sent events, from where one was.
import { expect, test } from "bun:test";
import { workflow } from "@sluice/sdk";
import { LiveRig } from "./live-rig.suite.ts";

const gate = Promise.withResolvers<void>();
let broken = true;
const writes = workflow({ name: "writes", retry: { attempts: 1 } }, async (ctx) => {
  ctx.stream("begin");
  await ctx.step("tokens", async () => {
    ctx.stream("one");
    await gate.promise;
    ctx.stream({ two: 2 });
  });
  if (broken) throw new Error("try me again");
  ctx.stream("last");
});

test("a stream is told piece by piece while the run goes on, to its end, and goes on when it is retried", async () => {
  await using rig = await LiveRig.make({ workflows: [writes] });
  const run = await rig.start("writes");
  const client = await rig.connect();
  await client.subscribe(`stream:${run}`);
  const told = () =>
    client.all("stream").map(({ event, data }) => (event === "chunk" ? (data as { data: unknown }).data : event));
  await client.until(() => told().length === 2);
  expect(told()).toEqual(["begin", "one"]);
  gate.resolve();
  await client.until(() => told().includes("end"));
  expect(told()).toEqual(["begin", "one", { two: 2 }, "end"]);
  expect(client.all("stream").map(({ number }) => number)).toEqual([1, 2, 3, 0]);
  expect(client.all("stream")[1]).toMatchObject({ run, data: { step: { name: "tokens", attempt: 1 }, index: 0 } });
  broken = false;
  await rig.f.post(`/api/v1/runs/${run}/retry`);
  await client.until(() => told().filter((each) => each === "end").length === 2);
  expect(told().slice(4)).toEqual(["last", "end"]);
  client.send({ type: "unsubscribe", topic: `stream:${run}` });
  await client.answered();
  expect(rig.f.http.metrics.watching).toBe(0);

  const late = await rig.connect();
  await late.subscribe(`stream:${run}`, 3);
  await late.until(() => late.all("stream").some(({ event }) => event === "end"));
  expect(late.all("stream").map(({ event, number }) => [event, number])).toEqual([
    ["chunk", 4],
    ["end", 0],
  ]);
  late.send({ type: "subscribe", topic: "stream:missing" });
  expect(await late.next("refused")).toMatchObject({ topic: "stream:missing", code: "run_not_found" });
});
