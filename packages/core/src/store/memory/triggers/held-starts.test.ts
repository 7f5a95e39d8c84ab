import { expect, test } from "bun:test";
import type { HeldStart } from "../../../kernel/trigger-store.ts";
import { MemoryRunStore } from "../memory-run-store.ts";

test("a data key goes when another start takes the place of the one it was for", async () => {
  const store = new MemoryRunStore();
  const by = { kind: "user", id: "ada" } as const;
  const trigger = { kind: "trigger", id: "a:e" } as const;
  const triggers = [{ id: "a:e", workflow: "a", kind: "event", createdAt: 1 }];
  await store.triggers.putTriggers({ by, workflows: ["a"], triggers, now: 1 });
  const held = (run: string): HeldStart => ({
    key: "k",
    firstAt: 1,
    dueAt: 2,
    count: 1,
    input: Uint8Array.of(1),
    run,
    payloadKey: run,
    newKey: { workflow: "a", version: "v", wrapped: Uint8Array.of(1) },
  });
  const keys = async () => (await store.payloadKeys.listPayloadKeys({ workflow: "a", limit: 9 })).map(({ id }) => id);
  for (const [at, run] of ["r1", "r2"].entries()) {
    await store.triggers.advanceTrigger({
      by: trigger,
      trigger: "a:e",
      expect: at,
      occurrences: [],
      hold: [held(run)],
      now: 1,
    });
    expect(await keys()).toEqual([run]);
  }
  await store.triggers.advanceTrigger({
    by: trigger,
    trigger: "a:e",
    expect: 2,
    occurrences: [],
    release: ["k"],
    now: 1,
  });
  expect(await keys()).toEqual([]);
});
