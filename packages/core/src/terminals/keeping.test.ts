import { describe, expect, test } from "bun:test";
import { SimulatedClock } from "../testing/index.ts";
import { ScreenKeeper } from "./keeping.ts";

function keeper(heldBytesMax = 1_000_000) {
  const clock = new SimulatedClock(1_000);
  const asked: PromiseWithResolvers<number>[] = [];
  const kept: number[] = [];
  const refusing = { now: false };
  const one = new ScreenKeeper(
    {
      clock,
      limits: { terminalHeldBytesMax: heldBytesMax },
      snapshot: async () => {
        const answer = Promise.withResolvers<number>();
        asked.push(answer);
        return { offset: await answer.promise, mark: 0, cols: 80, rows: 24, bytes: new Uint8Array(0) };
      },
      keep: async ({ offset }) => {
        kept.push(offset);
        return !refusing.now;
      },
    },
    0,
  );
  const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  return { clock, one, asked, kept, settled, refusing };
}

describe("the screen beside a program", () => {
  test("is put there when half of what may be kept is reached, one at a time", async () => {
    const { one, asked, kept, settled } = keeper(1_000);
    one.wrote(400);
    expect(asked).toHaveLength(0);
    one.wrote(200);
    one.wrote(900);
    expect(asked).toHaveLength(1);
    asked[0]?.resolve(600);
    await settled();
    expect([kept, asked.length]).toEqual([[600], 2]);
    asked[1]?.resolve(1_500);
    await settled();
    expect([kept, asked.length]).toEqual([[600, 1_500], 2]);
  });

  test("is put there after a quiet second where much was written, and never for little", async () => {
    const { clock, one, asked } = keeper();
    one.wrote(1_000);
    clock.advanceTo(10_000);
    expect(asked).toHaveLength(0);
    one.wrote(40_000);
    clock.advanceTo(10_900);
    one.wrote(1);
    clock.advanceTo(11_500);
    expect(asked).toHaveLength(0);
    clock.advanceTo(11_900);
    expect(asked).toHaveLength(1);
  });

  test("is put there again with what comes next where it could not be taken", async () => {
    const { one, asked, kept, settled, refusing } = keeper(1_000);
    refusing.now = true;
    one.wrote(600);
    asked[0]?.resolve(600);
    await settled();
    refusing.now = false;
    one.wrote(1);
    expect(asked).toHaveLength(2);
    asked[1]?.resolve(601);
    await settled();
    one.wrote(1);
    expect([kept, asked.length]).toEqual([[600, 601], 2]);
  });

  test("is put there at the end, and not any more once nobody wants it", async () => {
    const { clock, one, asked, kept, settled } = keeper();
    one.ended();
    expect(asked).toHaveLength(0);
    one.wrote(10);
    one.ended();
    expect(asked).toHaveLength(1);
    one.stop();
    asked[0]?.resolve(10);
    await settled();
    one.wrote(900_000);
    clock.advanceTo(90_000);
    expect([asked.length, kept]).toEqual([1, []]);
  });
});
