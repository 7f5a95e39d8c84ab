import { expect, test } from "bun:test";
import type { RunEvent } from "@sluice/protocol";
import type { HotRun } from "./hot-runs.ts";
import { engineLimits } from "./limits.ts";
import { Outbox } from "./outbox.ts";
import { Telling } from "./telling.ts";
import { Values } from "./values.ts";

test("a run that no worker has yet gets what was said when it has one", () => {
  const telling = new Telling(new Values(undefined, engineLimits), new Outbox(() => undefined), () => undefined);
  const hot = { run: "r1", epoch: 1, worker: undefined, early: [], idle: true } as unknown as HotRun;
  const events: RunEvent[] = [{ event: "pause" }, { event: "wake", seq: 1 }];
  for (const event of events) telling.tell(hot, [event]);
  expect([hot.early, hot.idle]).toEqual([events, false]);
});
