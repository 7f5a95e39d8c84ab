import { describe, expect, test } from "bun:test";
import type { EngineToWorker } from "@sluice/protocol";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { Drains, Outbox } from "./outbox.ts";

const drain = (ms: number): EngineToWorker => ({ type: "drain", ms });

/** An outbox and what left it, delivery by delivery. */
function recorded(workers: readonly string[]): { readonly outbox: Outbox; readonly sent: [string, number[]][] } {
  const sent: [string, number[]][] = [];
  const link = (id: string) => ({
    id,
    send: (messages: readonly EngineToWorker[]) =>
      void sent.push([id, messages.map((each) => (each.type === "drain" ? each.ms : -1))]),
  });
  return { outbox: new Outbox((worker) => (workers.includes(worker) ? link(worker) : undefined)), sent };
}

test("what one turn says to a worker leaves as one delivery, in order", async () => {
  const { outbox, sent } = recorded(["a", "b"]);
  outbox.send("a", drain(1));
  outbox.send("b", drain(2));
  outbox.send("a", drain(3));
  expect(sent).toEqual([]);
  await Promise.resolve();
  expect(sent).toEqual([
    ["a", [1, 3]],
    ["b", [2]],
  ]);
  outbox.send("a", drain(4));
  await Promise.resolve();
  expect(sent.at(-1)).toEqual(["a", [4]]);
});

test("what is said to a worker that is gone is dropped, and holds up nobody", async () => {
  const { outbox, sent } = recorded(["a"]);
  outbox.send("gone", drain(1));
  outbox.send("a", drain(2));
  await Promise.resolve();
  expect(sent).toEqual([["a", [2]]]);
});

describe("Drains", () => {
  test("wait until the worker has given everything back", async () => {
    const drains = new Drains(new SimulatedClock(0));
    const over = drains.wait("w1", 1_000);
    drains.over("w2");
    drains.over("w1");
    expect(await over.then(() => "over")).toBe("over");
  });

  test("give up a worker that says nothing", async () => {
    const clock = new SimulatedClock(0);
    const over = new Drains(clock).wait("w1", 1_000);
    expect(clock.advanceToNext()).toBe(true);
    expect(clock.now()).toBe(2_500);
    expect(await over.then(() => "over")).toBe("over");
  });
});
