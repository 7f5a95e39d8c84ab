// What a ledger says: how long nothing was acknowledged, and what of it is gone.
import { expect, test } from "bun:test";
import { DrillWriter, measuredOf, prepareLedger, survivorsOf } from "./drill.ts";

const ledger = [10, 20, 30, 530, 540].map((at, index) => ({ n: index + 1, at }));

test.each([
  [[1, 2, 3, 4, 5], { rpoMs: 0, rtoMs: 500, acknowledged: 5, lost: 0 }],
  [[1, 2, 4, 5], { rpoMs: 10, rtoMs: 500, acknowledged: 5, lost: 1 }],
  [[1, 4, 5], { rpoMs: 20, rtoMs: 500, acknowledged: 5, lost: 2 }],
  [[4, 5], { rpoMs: null, rtoMs: 500, acknowledged: 5, lost: 3 }],
])("with %j still there", (survived, measured) => {
  expect(measuredOf(ledger, new Set(survived))).toEqual(measured);
});

test("without rows nothing was measured", () => {
  expect(measuredOf([], new Set())).toEqual({ rpoMs: 0, rtoMs: null, acknowledged: 0, lost: 0 });
});

test("a writer goes on after it was cut off, and counts only what was acknowledged", async () => {
  let [now, statements] = [0, 0];
  const written = Promise.withResolvers<void>();
  const writer = new DrillWriter({
    drill: "d",
    sentinel: "s",
    url: "x",
    timeoutMs: 1,
    clock: { now: () => ++now, after: () => () => {} },
    pause: () => new Promise((resolve) => setImmediate(resolve)),
    servers: {
      session: ({ work }) =>
        work(async (statement) => {
          if (statement.startsWith("INSERT") && ++statements % 3 === 0) throw new Error("cut off");
          if (statements > 8) written.resolve();
          return [];
        }),
    },
  });
  writer.begin();
  await written.promise;
  await writer.stop();
  const numbers = writer.ledger.map(({ n }) => n);
  expect(numbers).toEqual(numbers.filter((n) => n % 3 !== 0));
  expect(numbers.length).toBeGreaterThan(4);
});

test("a copy without the sentinel of this drill has none of its rows", async () => {
  const asked: string[] = [];
  const query = async (statement: string) => {
    asked.push(statement);
    return statement.startsWith("SELECT") ? [{ n: "2" }] : [];
  };
  await prepareLedger(query, "d");
  expect(await survivorsOf(query, { drill: "d", sentinel: "fresh" })).toEqual(new Set([2]));
  expect(asked.at(-1)).toContain("sentinel = 'fresh'");
});
