import { describe, expect, test } from "bun:test";
import { SluiceError } from "@sluice/protocol";
import { MemoryRunStore } from "../../store/memory/index.ts";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { audited, stateIntent } from "./audited.ts";
import { start } from "./trail.fixture.suite.ts";

const intent = {
  by: { kind: "user", id: "ada", origin: { address: "192.0.2.7" } },
  action: "backup:create",
  target: "backup:c1",
  after: '{"why":"nightly"}',
} as const;

function desk() {
  const { audit } = new MemoryRunStore();
  const clock = new SimulatedClock(start);
  return { writer: { log: audit, clock }, clock, rows: () => audit.readAudit({ after: 0, limit: 9 }) };
}

describe("an action that is no row of the store", () => {
  test("has its intent written before it and its outcome behind", async () => {
    const { clock, rows, writer } = desk();
    const answer = await audited(writer, intent, {
      action: async () => {
        expect(await rows()).toMatchObject([{ ...intent, at: start, outcome: "intended" }]);
        clock.advanceTo(start + 5_000);
        return 42;
      },
      result: (bytes) => ({ bytes }),
    });
    expect(answer).toBe(42);
    const { by, action, target } = intent;
    expect((await rows())[1]).toMatchObject({
      by,
      action,
      target,
      at: start + 5_000,
      outcome: "done",
      intent: 1,
      after: '{"bytes":42}',
    });
  });

  test("that fails leaves the code, never the text", async () => {
    const { rows, writer } = desk();
    const failing = async (error: Error): Promise<unknown> => {
      const action = async () => {
        throw error;
      };
      return audited(writer, intent, { action }).catch((thrown: unknown) => thrown);
    };
    const full = new SluiceError({ code: "disk_full", message: "no room in /secret" });
    expect(await failing(full)).toBe(full);
    await failing(new Error("/secret"));
    const [, first, , second] = await rows();
    expect(first).toMatchObject({ outcome: "failed", reason: "disk_full", intent: 1 });
    expect(second).toMatchObject({ outcome: "failed", reason: "internal", intent: 3 });
    expect(JSON.stringify(await rows())).not.toContain("/secret");
    expect(first).not.toHaveProperty("after");
  });

  test("does not begin when its intent cannot be written", async () => {
    const { writer } = desk();
    let begun = false;
    const log = { recordAudit: () => Promise.reject(new Error("full")) };
    const action = async () => {
      begun = true;
    };
    expect(await audited({ ...writer, log }, intent, { action }).catch(String)).toBe("Error: full");
    expect(begun).toBe(false);
  });

  test("can say its outcome later; without more to say it repeats what was planned", async () => {
    const { rows, writer } = desk();
    const stated = await stateIntent(writer, intent);
    expect(stated.seq).toBe(1);
    await stated.done();
    expect((await rows())[1]).toMatchObject({ outcome: "done", intent: 1, after: intent.after });
  });
});
