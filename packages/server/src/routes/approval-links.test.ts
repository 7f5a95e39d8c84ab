// Links of approvals against those who want more than they were given: who reads them off a journal, comes with a narrow token,
// with a link whose time is up, or counts on it being forgotten who started a run.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { workflow } from "@sluice/sdk";
import type { ApproveOptions } from "@sluice/sdk";
import { HttpFixture } from "../http-fixture.ts";
import type { Answer } from "../http-fixture.ts";
import { options, password, post, signIn } from "./identity-fixture.suite.ts";
import type { Browser } from "./identity-fixture.suite.ts";

const links = new Map<string, string>();
const asked = (input: Record<string, unknown>, run: string): ApproveOptions => ({
  ...input,
  notify: async ({ approver, token }) => void links.set(`${run} ${approver}`, token),
});
const asks = workflow<Record<string, unknown>>({ name: "asks" }, async (ctx, input) =>
  ctx.approve("manager", asked(input, ctx.run.id)),
);
/** Breaks while it asks. */
const breaks = workflow<Record<string, unknown>>({ name: "breaks" }, async (ctx, input) => {
  const broken = ctx.waitFor(`break ${ctx.run.id}`).then(() => ctx.step("break", breakIt, { retry: false }));
  await Promise.all([ctx.approve("manager", asked(input, ctx.run.id)), broken]);
});
let broken = true;
function breakIt(): void {
  if (broken) throw new Error("broke");
}
const children = workflow<Record<string, unknown>>({ name: "children" }, async (ctx, input) => ctx.start(asks, input));
const endless = workflow<Record<string, unknown> & { n: number }>({ name: "endless" }, async (ctx, input) => {
  const { n, ...rest } = input;
  if (n > 0) return ctx.continueAs({ ...input, n: n - 1 });
  return ctx.approve("manager", asked(rest, ctx.run.id));
});

let f: HttpFixture;
let ada: Browser;
let bob: Browser;
let vic: Browser;
let count = 0;

async function start(by: Browser, name: string, input: Record<string, unknown>): Promise<string> {
  const id = `run-${count++}`;
  expect((await by.send("POST", `/api/v1/workflows/${name}/runs`, { id, input })).status).toBe(201);
  return id;
}
async function asking(by: Browser, input: Record<string, unknown>, name = "asks"): Promise<string> {
  const id = await start(by, name, input);
  await f.until(id, "waiting");
  return id;
}
const tokenOf = (run: string, approver: string): string => links.get(`${run} ${approver}`) ?? "none";
const linkOf = (run: string, approver: string): string => `/api/v1/approvals/${tokenOf(run, approver)}`;
const codeOf = (answer: Answer): unknown => answer.body?.error?.code ?? answer.status;
const yes = { approved: true };
const eve = "eve@example.com";

beforeAll(async () => {
  f = await HttpFixture.make({ ...options, workflows: [asks, breaks, children, endless] });
  await f.post("/api/v1/users", { name: "ada", password, roles: ["admin"] });
  ada = await signIn(f, "ada");
  await ada.send("POST", "/api/v1/users", { name: "bob", password, roles: ["operator"] });
  await ada.send("POST", "/api/v1/users", { name: "vic", password, roles: ["viewer"] });
  bob = await signIn(f, "bob");
  vic = await signIn(f, "vic");
});
afterAll(async () => f[Symbol.asyncDispose]());

/** Everything of a run that a journal is read from. */
async function everythingOf(by: Browser, run: string): Promise<string> {
  const steps = await by.send("GET", `/api/v1/runs/${run}/steps`);
  const entries = steps.body.steps as { seq: number }[];
  const values = await Promise.all(entries.map(({ seq }) => by.send("GET", `/api/v1/runs/${run}/values/${seq}`)));
  const file = await by.send("GET", `/api/v1/runs/${run}/export`);
  expect([steps.status, file.status]).toEqual([200, 200]);
  return JSON.stringify([steps.body, values.map(({ body }) => body as unknown), file.body]);
}

describe("the journal of a run", () => {
  test("gives nobody the link of another, not even those who may decide", async () => {
    const run = await asking(ada, { approvers: [eve, "user:ada", "role:operator"], need: "all" });
    expect(links.has(`${run} ${eve}`)).toBe(true);
    const shown = { ada: await everythingOf(ada, run), bob: await everythingOf(bob, run) };
    const has = (text: string): readonly boolean[] =>
      [eve, "user:ada", "role:operator"].map((approver) => text.includes(tokenOf(run, approver)));
    expect(has(shown.ada)).toEqual([false, true, false]);
    expect(has(shown.bob)).toEqual([false, false, true]);
    expect(has(await everythingOf(vic, run))).toEqual([false, false, false]);
  });

  test("gives away no link of a run that failed: a retry makes it good again", async () => {
    broken = true;
    const run = await asking(ada, { approvers: [eve, "role:operator"], need: "all" }, "breaks");
    await ada.send("POST", "/api/v1/events", { name: `break ${run}` });
    await f.until(run, "failed");
    for (const by of [vic, bob, ada]) expect(await everythingOf(by, run)).not.toContain(tokenOf(run, eve));
    expect(await everythingOf(vic, run)).not.toContain(tokenOf(run, "role:operator"));
    broken = false;
    expect(codeOf(await ada.send("POST", `/api/v1/runs/${run}/retry`, {}))).toBe(200);
    await f.until(run, "waiting");
    expect(codeOf(await post(f, linkOf(run, eve), yes))).toBe(200);
  });
});

describe("a token", () => {
  test("decides in the name of its owner only where it was made to decide", async () => {
    const run = await asking(ada, { approvers: ["role:operator"] });
    const tokens: Record<string, unknown>[] = [
      { name: "reads", role: "viewer" },
      { name: "elsewhere", role: "operator", limits: { workflow: ["other"] } },
      { name: "here", role: "operator", limits: { workflow: ["asks"] } },
    ];
    const codes: unknown[] = [];
    for (const each of tokens) {
      const made = await bob.send("POST", "/api/v1/tokens", each);
      const headers = { authorization: `Bearer ${made.body.token}` };
      const link = linkOf(run, "role:operator");
      if (each["name"] !== "here") codes.push(codeOf(await post(f, `${link}/delegate`, { to: "user:vic" }, headers)));
      codes.push(codeOf(await post(f, link, yes, headers)));
    }
    expect(codes).toEqual([...Array<string>(4).fill("not_an_approver"), 200]);
  });
});

describe("a link whose time is up", () => {
  test("shows nothing and takes no words, unless one is signed in", async () => {
    const run = await asking(ada, { approvers: [eve], linkExpires: 0, description: "the plan" });
    const link = linkOf(run, eve);
    expect(codeOf(await f.send(link, { token: null }))).toBe("link_expired");
    expect(codeOf(await post(f, `${link}/comments`, { text: "spam" }))).toBe("link_expired");
    expect((await bob.send("GET", link)).body.approval).toMatchObject({ description: "the plan", comments: [] });
    expect(codeOf(await bob.send("POST", `${link}/comments`, { text: "why?" }))).toBe(201);
  });
});

describe("whoever started a run", () => {
  const terms = { approvers: ["user:ada", "user:bob"], notRequester: true };

  test("may not decide what it went on as, also when its beginning is deleted", async () => {
    const first = await start(bob, "endless", { ...terms, n: 2 });
    const last = await lastOf(first);
    await f.until(last, "waiting");
    const chain = (await ada.send("GET", `/api/v1/runs?chain=${first}`)).body.runs as { id: string }[];
    for (const { id } of chain) if (id !== last) await ada.send("DELETE", `/api/v1/runs/${id}`);
    expect(codeOf(await ada.send("GET", `/api/v1/runs/${first}`))).toBe("run_not_found");
    expect(codeOf(await bob.send("POST", linkOf(last, "user:bob"), yes))).toBe("requester_may_not_decide");
    expect(codeOf(await ada.send("POST", linkOf(last, "user:ada"), yes))).toBe(200);
  });

  test("may not decide when it is forgotten who that was", async () => {
    const parent = await start(bob, "children", terms);
    await f.until(parent, "completed");
    const { runs } = (await ada.send("GET", `/api/v1/runs?parent=${parent}`)).body;
    const child: string = runs[0].id;
    await f.until(child, "waiting");
    expect(codeOf(await bob.send("POST", linkOf(child, "user:bob"), yes))).toBe("requester_may_not_decide");
    expect(codeOf(await ada.send("DELETE", `/api/v1/runs/${parent}`))).toBe(204);
    expect(codeOf(await bob.send("POST", linkOf(child, "user:bob"), yes))).toBe("requester_may_not_decide");
  });
});

/** The run that a chain has come to. */
async function lastOf(first: string): Promise<string> {
  let id = first;
  for (let n = 2; n > 0; n--) {
    await f.until(id, "completed");
    id = (await ada.send("GET", `/api/v1/runs/${id}`)).body.run.continuedTo;
  }
  return id;
}
