// A service that does not come up: what it had opened is closed, whatever closing it does, and however late it opens more.
import { expect, test } from "bun:test";
import { defineService } from "@sluice/sdk";
import { startService } from "./start-service.ts";

/** Time in the test's hands: what waits for it goes on when it is told to. */
function hands() {
  const waiting = new Set<() => void>();
  const after = (_ms: number, done: () => void): (() => void) => {
    waiting.add(done);
    return () => void waiting.delete(done);
  };
  const strike = (): void => {
    for (const done of waiting) if (waiting.delete(done)) done();
  };
  return { clock: { now: () => 0, after, turn: (done: () => void) => void setImmediate(done) }, strike };
}

const options = { startMsMax: 1_000, readSecret: async () => "", mock: undefined };

test("what was opened is closed, the last first, also where closing throws at once or never ends", async () => {
  const closed: string[] = [];
  const service = defineService({
    id: "half",
    setup: ({ onStop }) => {
      onStop(() => void closed.push("first"));
      onStop(() => {
        closed.push("throws");
        throw new Error("closed already");
      });
      onStop(() => {
        closed.push("hangs");
        return new Promise(() => undefined);
      });
      throw new Error("no such host");
    },
  }).withConfig();
  const { clock, strike } = hands();
  const ended = startService(service, { ...options, clock }).catch((error: unknown) => error);
  while (closed.length < 1) await new Promise((resolve) => void setImmediate(resolve));
  strike();
  expect(await ended).toMatchObject({ code: "service_failed", message: expect.stringContaining("no such host") });
  expect(closed).toEqual(["hangs", "throws", "first"]);
});

test("what is opened after it was given up is closed at once", async () => {
  const closed: string[] = [];
  const late = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  const service = defineService({
    id: "late",
    setup: async ({ onStop }) => {
      onStop(() => void closed.push("early"));
      await late.promise;
      onStop(() => void closed.push("late"));
      opened.resolve();
      return { nothing: () => 1 };
    },
  }).withConfig();
  const { clock, strike } = hands();
  const ended = startService(service, { ...options, clock }).catch((error: unknown) => error);
  await new Promise((resolve) => void setImmediate(resolve));
  strike();
  expect(await ended).toMatchObject({ code: "service_failed" });
  expect(closed).toEqual(["early"]);
  late.resolve();
  await opened.promise;
  expect(closed).toEqual(["early", "late"]);
});
