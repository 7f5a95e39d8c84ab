// The calendar of schedules: what came of past times, and which are to come.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { hourMs } from "@sluice/core";
import { schemas } from "@sluice/protocol/http-schemas";
import { schedule, workflow } from "@sluice/sdk";
import { HttpFixture } from "../http-fixture.ts";

const often = workflow({ name: "often", triggers: [schedule("* * * * * *", { name: "second" })] }, async () => 1);
const yearly = workflow({ name: "rare/yearly", triggers: [schedule("0 0 1 1 *", { name: "y" })] }, async () => 1);
const limited = workflow(
  {
    name: "limited",
    rateLimit: { count: 1, per: "1h" },
    triggers: [schedule("* * * * * *", { name: "second", catchUp: "all", overlap: "allow" })],
  },
  async () => 1,
);
let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make({ workflows: [often, yearly, limited] });
});
afterAll(async () => f[Symbol.asyncDispose]());

interface Time {
  readonly schedule: string;
  readonly at: number;
  readonly run: string | null;
  readonly status: string;
}

async function times(
  query: string,
  token?: string,
): Promise<{ readonly times: readonly Time[]; readonly more: boolean }> {
  const { status, body } = await f.send(`/api/v1/schedule-times${query}`, token === undefined ? {} : { token });
  expect({ status, problem: schemas.ScheduleTimes.safeParse(body).error?.message }).toEqual({
    status: 200,
    problem: undefined,
  });
  return body;
}

test("times that went by have their runs, and the next ones follow", async () => {
  // The first run of the schedule has come and gone.
  let first: Time | undefined;
  while (first === undefined) {
    const ended = Promise.withResolvers<void>();
    const stop = f.engine.watchers.onEveryEnd(() => ended.resolve());
    await ended.promise;
    stop();
    const found = await times(`?from=${Date.now() - hourMs}&to=${Date.now() + 5_000}&workflow=often`);
    first = found.times.find(({ status }) => status === "completed");
    expect(found.times.filter(({ status }) => status === "coming").length).toBeGreaterThan(2);
    expect(found.more).toBe(false);
  }
  expect(first.run).toStartWith("run_");
  expect(first.at % 1_000).toBe(0);
  const { run } = (await f.get(`/api/v1/runs/${first.run}`)).body;
  expect(run).toMatchObject({ schedule: first.schedule, tags: [`scheduled:${new Date(first.at).toISOString()}`] });
});

test("schedules are shown together, up to so many times, and as far as one may see them", async () => {
  const now = Date.now();
  const year = `?from=${now}&to=${now + 366 * 24 * hourMs}`;
  const all = await times(year);
  expect(all).toMatchObject({ more: true });
  expect(all.times).toHaveLength(500);
  const rare = await times(`${year}&workflow=rare/yearly`);
  expect(rare).toMatchObject({ more: false, times: [{ schedule: "rare/yearly:y", status: "coming", run: null }] });
  const made = await f.post("/api/v1/tokens", { name: "n", role: "viewer", limits: { workflow: ["rare/*"] } });
  expect(await times(year, made.body.token)).toEqual(rare);
  expect(await times(`${year}&workflow=often`, made.body.token)).toEqual({ times: [], more: false });
});

test("times that lie too far apart are refused, none lie between a time and one before it", async () => {
  expect((await f.get(`/api/v1/schedule-times?from=0&to=${Date.now()}`)).body.error.code).toBe("invalid_filter");
  expect(await times(`?from=${Date.now()}&to=5`)).toEqual({ times: [], more: false });
  expect(await times("?from=9999-01-01")).toEqual({ times: [], more: false });
  expect((await times("")).more).toBe(true);
});

test("times that a limit turns away are counted in the list, and held in the calendar", async () => {
  while (f.engine.schedules.waiting("limited:second") === undefined) {
    const ended = Promise.withResolvers<void>();
    const stop = f.engine.watchers.onEveryEnd(() => ended.resolve());
    await ended.promise;
    stop();
  }
  const { body } = await f.get("/api/v1/schedules");
  const shown = new Map<string, unknown>(
    body.schedules.map((each: { readonly id: string; readonly waiting: unknown }) => [each.id, each.waiting]),
  );
  expect(shown.get("limited:second")).toEqual({ count: expect.any(Number), retryAt: expect.any(Number) });
  expect(shown.get("often:second")).toBeNull();
  expect(schemas.Schedules.safeParse(body).error?.message).toBeUndefined();
  const now = Date.now();
  const { times: found } = await times(`?from=${now - hourMs}&to=${now + hourMs}&workflow=limited`);
  expect(found.some(({ status, run }) => status === "held" && run === null)).toBe(true);
  expect(found.some(({ status }) => status === "missed")).toBe(false);
});
