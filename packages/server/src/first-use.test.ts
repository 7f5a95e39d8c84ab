import { expect, test } from "bun:test";
import { FirstUse } from "./first-use.ts";

/** A part whose first opening fails, and what happened to it. */
function rig(failures: number) {
  const seen = { made: 0, closed: 0 };
  const part = new FirstUse(
    async () => {
      await Promise.resolve();
      seen.made++;
      if (seen.made <= failures) throw new Error("the disk was full");
      return { number: seen.made };
    },
    () => seen.closed++,
  );
  return { part, seen };
}

test("a part is opened by the first who asks, once for all of them, and closed with the server", async () => {
  const { part, seen } = rig(0);
  const used: number[] = [];
  await part.whenOpen(({ number }) => used.push(number));
  expect([seen.made, used]).toEqual([0, []]);
  expect(await Promise.all([part.open(), part.open()])).toEqual([{ number: 1 }, { number: 1 }]);
  await part.whenOpen(({ number }) => used.push(number));
  await part.stop();
  expect([seen, used]).toEqual([{ made: 1, closed: 1 }, [1]]);
  expect(await part.open().catch((error: unknown) => error)).toMatchObject({ code: "draining" });
});

test("one that could not be opened is tried again by who comes next, and has nothing to close", async () => {
  const { part, seen } = rig(2);
  expect((await Promise.allSettled([part.open(), part.open()])).map(({ status }) => status)).toEqual([
    "rejected",
    "rejected",
  ]);
  expect(await part.open().catch((error: unknown) => String(error))).toBe("Error: the disk was full");
  expect(await part.open().catch(() => part.open())).toEqual({ number: 3 });
  await part.stop();
  expect(seen).toEqual({ made: 3, closed: 1 });
  const never = rig(1);
  await never.part.open().catch(() => undefined);
  await never.part.stop();
  expect(never.seen).toEqual({ made: 1, closed: 0 });
});
