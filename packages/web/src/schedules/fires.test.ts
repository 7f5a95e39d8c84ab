import { expect, test } from "bun:test";
import type { Fire } from "./calendar.ts";
import { pagesMax, readFires } from "./fires.ts";

function fire(at: number, schedule = "s"): Fire {
  return { schedule, workflow: "w", at, run: null, runStatus: null, status: "coming" };
}

/** An API that answers `limit` at once. */
function pagesOf(all: readonly Fire[], limit: number) {
  return async (from: number) => {
    const left = all.filter(({ at }) => at >= from);
    return { times: left.slice(0, limit), more: left.length > limit };
  };
}

test("all are read once, also those that share the time at which a page ends", async () => {
  const all = [fire(1), fire(2), fire(3, "a"), fire(3, "b"), fire(3, "c"), fire(4)];
  expect(await readFires(0, pagesOf(all, 4))).toEqual({ fires: all, more: false });
  expect(await readFires(0, pagesOf([], 4))).toEqual({ fires: [], more: false });
});

test("more than can be told apart or shown is said", async () => {
  const same = Array.from({ length: 5 }, (_, at) => fire(7, `s${at}`));
  expect((await readFires(0, pagesOf(same, 3))).more).toBe(true);
  const many = Array.from({ length: 100 }, (_, at) => fire(at + 1));
  const read = await readFires(0, pagesOf(many, 5));
  expect(read.more).toBe(true);
  expect(read.fires).toEqual(many.slice(0, pagesMax * 4));
});
