// The rows of the list of runs: pages, live changes, new runs that wait, and gaps.
import { expect, test } from "bun:test";
import { RunList } from "./run-list.ts";
import type { ReadPage } from "./run-list.ts";
import type { RunFilter } from "./run-filter.ts";
import type { ListedRun } from "./words.ts";

/** A server with these runs, newest first. */
function listOver(runs: { id: string; createdAt: number; status?: string }[], filter: RunFilter = {}) {
  const reads: (string | null)[] = [];
  const read: ReadPage = async (cursor, limit) => {
    reads.push(cursor);
    const sorted = runs.toSorted((a, b) => b.createdAt - a.createdAt);
    const after = cursor === null ? Number.POSITIVE_INFINITY : Number(cursor);
    const rest = sorted.filter(({ createdAt }) => createdAt < after);
    const page = rest.slice(0, limit);
    const nextCursor = rest.length > limit ? String(page.at(-1)?.createdAt) : null;
    return { runs: page.map((run) => ({ status: "running", workflow: "w", ...run }) as ListedRun), nextCursor };
  };
  return { list: new RunList(filter, read), reads };
}

const many = (count: number, from = 1) =>
  Array.from({ length: count }, (_, index) => ({ id: `r${index + from}`, createdAt: index + from }));
const live = (id: string, createdAt: number, status = "running") =>
  ({ id, workflow: "w", status, statusReason: null, createdAt, startedAt: null, endedAt: null }) as never;
const ids = (list: RunList) => list.rows.map(({ id }) => id);

test("reads page by page, each run once", async () => {
  const { list } = listOver(many(300));
  await list.load();
  expect(list.rows).toHaveLength(50);
  await Promise.all([list.more(), list.more()]);
  expect(list.rows).toHaveLength(250);
  await list.more();
  expect(list.hasMore).toBe(false);
  await list.more();
  expect(new Set(ids(list)).size).toBe(300);
  expect(ids(list)[0]).toBe("r300");
});

test("shows changes in place and lets new runs wait", async () => {
  const runs = many(60);
  const { list } = listOver(runs);
  await list.load();
  const before = ids(list);
  list.take([live("r60", 60, "failed"), live("r61", 61), live("r61", 61, "completed"), live("r62", 62), live("r1", 1)]);
  expect(list.current(list.rows[0] as ListedRun).status).toBe("failed");
  expect(ids(list)).toEqual(before);
  expect(list.newCount).toBe(2);
  runs.push(...many(2, 61));
  await list.load();
  expect(ids(list).slice(0, 2)).toEqual(["r62", "r61"]);
  expect(list.newCount).toBe(0);
});

test("does not count runs that the filter leaves out, and asks where it cannot know", async () => {
  const { list } = listOver(many(3), { status: ["failed"] });
  await list.load();
  list.take([live("r9", 9, "running")]);
  expect(list.newCount).toBe(0);
  const runs = many(3);
  const tagged = listOver(runs, { tag: "t" });
  await tagged.list.load();
  tagged.list.take([live("r4", 4), live("other", 5)]);
  expect([tagged.list.newCount, tagged.list.isUndecided]).toEqual([0, true]);
  runs.push({ id: "r4", createdAt: 4 });
  await tagged.list.probe();
  expect([tagged.list.newCount, tagged.list.isUndecided]).toEqual([1, false]);
});

test("after a gap reads again what is in sight, later the rest, and drops what is gone", async () => {
  const runs: { id: string; createdAt: number; status?: string }[] = many(500);
  const { list, reads } = listOver(runs);
  await list.load();
  await list.more();
  await list.more();
  for (const run of runs) run.status = "completed";
  runs.splice(
    runs.findIndex(({ id }) => id === "r499"),
    1,
  );
  runs.push({ id: "r501", createdAt: 501 });
  reads.length = 0;
  await list.refresh(new Set(["r500", "r480"]));
  expect(reads).toHaveLength(2);
  expect(ids(list).slice(0, 3)).toEqual(["r500", "r498", "r497"]);
  expect(list.newCount).toBe(1);
  expect(list.rows[0]?.status).toBe("completed");
  expect(list.rows.at(-1)?.status).toBe("running");
  await list.freshen(new Set(["r60"]));
  expect(list.rows.at(-1)?.status).toBe("completed");
  expect(list.rows[100]?.status).toBe("running");
});

test("says why a page is missing and goes on later", async () => {
  let broken = true;
  const list = new RunList({}, async (cursor) => {
    if (cursor !== null && broken) throw new Error("no");
    return { runs: [{ id: cursor ?? "first", createdAt: 1 } as ListedRun], nextCursor: cursor === null ? "x" : null };
  });
  await list.load();
  await list.more();
  expect([list.hasMore, String(list.error)]).toEqual([true, "Error: no"]);
  broken = false;
  await list.more();
  expect([list.error, list.rows.length]).toEqual([undefined, 2]);
});

test("after a gap with more new runs than a page shows, it does not pretend to know how many", async () => {
  const runs = many(60);
  const { list } = listOver(runs);
  await list.load();
  runs.push(...many(200, 61));
  list.take([live("r61", 61)]);
  await list.refresh(new Set());
  expect([list.newCount, list.hasUncounted]).toEqual([51, true]);
  await list.load();
  expect([list.newCount, list.hasUncounted]).toEqual([0, false]);
  runs.push(...many(3, 261));
  await list.probe();
  expect([list.newCount, list.hasUncounted]).toEqual([3, false]);
});
