import { expect, test } from "bun:test";
import { SimulatedClock } from "../../testing/index.ts";
import { failureOf, LogFolder } from "./folder.fixture.suite.ts";
import { Readers } from "./readers.ts";

test("threads that read come when they are needed, wait for work, and go when there is none", async () => {
  using folder = new LogFolder();
  folder.open().close();
  const clock = new SimulatedClock();
  const readers = new Readers({ clock, limits: { threadsMax: 2, waitingMax: 2, idleMs: 1_000 } });
  const ask = (): Promise<string[]> =>
    readers.call("streams", { folder: folder.path, tenant: "t", fromMs: 0, toMs: 1 });
  expect(readers.threads).toBe(0);
  const all = [ask(), ask(), ask(), ask()];
  expect(await failureOf(ask())).toMatchObject({ code: "too_many_requests" });
  expect(await Promise.all(all)).toEqual([[], [], [], []]);
  expect(readers.threads).toBe(2);
  clock.advance(999);
  expect(readers.threads).toBe(2);
  await ask();
  clock.advance(999);
  expect(readers.threads).toBe(1);
  clock.advance(1);
  expect(readers.threads).toBe(0);
  const late = ask();
  readers.close();
  expect(await failureOf(late)).toMatchObject({ code: "store_failed" });
  expect(await failureOf(ask())).toMatchObject({ code: "store_failed" });
});
