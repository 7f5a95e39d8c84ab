import { describe, expect, test } from "bun:test";
import { SimulatedClock } from "../../testing/index.ts";
import { OutageBudget } from "./outage-budget.ts";

function budgetOf(): { readonly clock: SimulatedClock; readonly budget: OutageBudget; readonly said: string[] } {
  const clock = new SimulatedClock();
  const said: string[] = [];
  return { clock, said, budget: new OutageBudget({ clock, outageMsMax: 1_000, gaveUp: (why) => void said.push(why) }) };
}

const never = (): Promise<never> => new Promise(() => undefined);
const turns = async (): Promise<void> => {
  for (let n = 0; n < 20; n++) await Promise.resolve();
};

describe("the patience of a build", () => {
  test("is for all attempts together, side by side and one after the other", async () => {
    const { clock, budget, said } = budgetOf();
    const aborted: boolean[] = [];
    const hanging = Array.from({ length: 50 }, () =>
      budget.attempt((signal) => {
        signal.addEventListener("abort", () => void aborted.push(true));
        return never();
      }),
    );
    clock.advance(999);
    await turns();
    expect(aborted).toEqual([]);
    clock.advance(1);
    expect(await Promise.all(hanging)).toEqual(hanging.map(() => "down"));
    expect([aborted.length, said]).toEqual([50, ["it did not answer within 1000 ms"]]);
    let asked = 0;
    expect(await budget.attempt(async () => ++asked)).toBe("down");
    expect(asked).toBe(0);
  });

  test("is not spent while answers come, however long all of it takes", async () => {
    const { clock, budget, said } = budgetOf();
    for (let n = 0; n < 50; n++) {
      const attempt = budget.attempt(async (_signal, alive) => {
        for (let piece = 0; piece < 5; piece++) {
          clock.advance(200);
          alive();
        }
        return n;
      });
      expect(await attempt).toEqual({ answered: n });
    }
    expect([budget.isOver, said]).toEqual([false, []]);
  });

  test("is spent by an answer that trickles", async () => {
    const { clock, budget, said } = budgetOf();
    let pieces = 0;
    const attempt = budget.attempt(async (signal, alive) => {
      while (!signal.aborted) {
        clock.advance(900);
        alive();
        pieces++;
        await Promise.resolve();
      }
    });
    expect(await attempt).toBe("down");
    expect([pieces <= 3, said.length]).toEqual([true, 1]);
  });

  test("is spent by failures, too, and waits before them", async () => {
    const { clock, budget, said } = budgetOf();
    const fails = (ms: number) =>
      budget.attempt(async () => {
        clock.advance(ms);
        throw new Error("it answered 500");
      });
    expect(await fails(0)).toBe("down");
    expect(await budget.attempt(async () => "well")).toEqual({ answered: "well" });
    for (const ms of [0, 0, 0, 500]) expect(await fails(ms)).toBe("down");
    expect([budget.isOver, said]).toEqual([true, ["it answered 500"]]);
  });

  test("does not run while nobody waits", async () => {
    const { clock, budget } = budgetOf();
    await budget.attempt(async () => "well");
    clock.advance(100_000);
    expect(await budget.attempt(async () => "well")).toEqual({ answered: "well" });
    expect(budget.isOver).toBe(false);
  });
});
