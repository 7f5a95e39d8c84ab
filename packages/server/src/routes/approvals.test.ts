// Approvals over HTTP: who sees a link, who may decide with it, handing it on, and what is written beside it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { workflow } from "@sluice/sdk";
import type { ApproveOptions } from "@sluice/sdk";
import { z } from "zod";
import { HttpFixture } from "../http-fixture.ts";
import type { Answer } from "../http-fixture.ts";
import { options, password, post, signIn } from "./identity-fixture.suite.ts";
import type { Browser } from "./identity-fixture.suite.ts";

const links = new Map<string, string>();
/** Asks as its input says; links are kept as those who were sent them would. */
const asks = workflow<{ approvers?: string[] } & Record<string, unknown>>({ name: "asks" }, async (ctx, input) => {
  const form = input["form"] === true ? z.object({ amount: z.number() }) : undefined;
  const asked: ApproveOptions = {
    ...input,
    notify: async ({ approver, token }) => void links.set(`${ctx.run.id} ${approver}`, token),
    ...(form === undefined ? {} : { form }),
  };
  return ctx.approve("manager", asked);
});
const parent = workflow({ name: "parent" }, async (ctx) =>
  ctx.call(asks, { approvers: ["role:operator"], notRequester: true }),
);

let f: HttpFixture;
let ada: Browser;
let bob: Browser;
let count = 0;

async function start(by: Browser, input: Record<string, unknown>): Promise<string> {
  const id = `run-${count++}`;
  expect((await by.send("POST", "/api/v1/workflows/asks/runs", { id, input })).status).toBe(201);
  await f.until(id, "waiting");
  return id;
}
const listed = async (by: Browser, run: string): Promise<Record<string, unknown>[]> =>
  (await by.send("GET", `/api/v1/approvals?run=${run}`)).body.approvals;
const linkOf = (run: string, approver: string): string => `/api/v1/approvals/${links.get(`${run} ${approver}`)}`;
const codeOf = (answer: Answer): unknown => answer.body.error?.code ?? answer.status;
const yes = { approved: true };

beforeAll(async () => {
  f = await HttpFixture.make({ ...options, workflows: [asks, parent] });
  await f.post("/api/v1/users", { name: "ada", password, roles: ["admin"] });
  ada = await signIn(f, "ada");
  await ada.send("POST", "/api/v1/users", { name: "bob", password, roles: ["operator"] });
  bob = await signIn(f, "bob");
});
afterAll(async () => f[Symbol.asyncDispose]());

describe("a link", () => {
  test("for a user or a role is shown to them, and good for nobody else", async () => {
    const run = await start(ada, { approvers: ["user:ada", "role:operator", "eve@example.com"], need: "all" });
    const tokensOf = async (by: Browser) =>
      (await listed(by, run))
        .map((each) => [each["approver"], each["token"] !== null])
        .toSorted((a, b) => String(a[0]).localeCompare(String(b[0])));
    expect(await tokensOf(ada)).toEqual([
      ["eve@example.com", false],
      ["role:operator", false],
      ["user:ada", true],
    ]);
    expect(await tokensOf(bob)).toEqual([
      ["eve@example.com", false],
      ["role:operator", true],
      ["user:ada", false],
    ]);
    expect(codeOf(await bob.send("POST", linkOf(run, "user:ada"), yes))).toBe("not_an_approver");
    expect(codeOf(await post(f, linkOf(run, "user:ada"), yes))).toBe("not_an_approver");
    expect(codeOf(await post(f, linkOf(run, "role:operator"), yes))).toBe("not_an_approver");
    expect(codeOf(await ada.send("POST", linkOf(run, "user:ada"), yes))).toBe(200);
    // With the address's link the one who has decided is still one person.
    expect(codeOf(await ada.send("POST", linkOf(run, "eve@example.com"), yes))).toBe("already_decided");
    expect(codeOf(await post(f, linkOf(run, "eve@example.com"), yes))).toBe(200);
    expect(codeOf(await bob.send("POST", linkOf(run, "role:operator"), { approved: true, reason: "ok" }))).toBe(200);
    await f.until(run, "completed");
    const { run: ended } = (await ada.send("GET", `/api/v1/runs/${run}`)).body;
    const { user } = (await ada.send("GET", "/api/v1/users/bob")).body;
    expect(ended.output).toMatchObject({ by: user.id, reason: "ok", decisions: [{}, { by: "anonymous" }, {}] });
    expect(codeOf(await bob.send("POST", linkOf(run, "role:operator"), yes))).toBe("token_used");
  });

  test("is not enough for ever, if it says so", async () => {
    const run = await start(ada, { approvers: ["eve@example.com"], linkExpires: 0 });
    expect(codeOf(await post(f, linkOf(run, "eve@example.com"), yes))).toBe("link_expired");
    expect(codeOf(await bob.send("POST", linkOf(run, "eve@example.com"), yes))).toBe(200);
  });

  test("is not for whoever started the run, by a child or by a token of theirs", async () => {
    const own = await start(bob, { approvers: ["role:operator"], notRequester: true });
    expect(codeOf(await bob.send("POST", linkOf(own, "role:operator"), yes))).toBe("requester_may_not_decide");
    const made = await bob.send("POST", "/api/v1/tokens", { name: "t", role: "operator" });
    const headers = { authorization: `Bearer ${made.body.token}` };
    expect(codeOf(await post(f, linkOf(own, "role:operator"), yes, headers))).toBe("requester_may_not_decide");
    const started = await post(f, "/api/v1/workflows/parent/runs", {}, headers);
    await f.until(started.body.run.id, "waiting");
    const child = (await ada.send("GET", `/api/v1/runs?parent=${started.body.run.id}`)).body.runs[0].id;
    await f.until(child, "waiting");
    expect(codeOf(await bob.send("POST", linkOf(child, "role:operator"), yes))).toBe("requester_may_not_decide");
    const open = await start(ada, { approvers: ["eve@example.com"], notRequester: true });
    expect(codeOf(await post(f, linkOf(open, "eve@example.com"), yes))).toBe("not_an_approver");
    expect(codeOf(await bob.send("POST", linkOf(open, "eve@example.com"), yes))).toBe(200);
  });
});

describe("an approval", () => {
  test("with a form takes what fits it", async () => {
    const run = await start(ada, { form: true });
    const [open] = await listed(ada, run);
    expect(open).toMatchObject({ form: { properties: { amount: { type: "number" } } }, need: 1, of: 1 });
    const path = `/api/v1/approvals/${String(open?.["token"])}`;
    const refused = await bob.send("POST", path, { approved: true, payload: { amount: "x" } });
    expect(refused.body.error).toMatchObject({ code: "invalid_input", details: [{ path: "/amount" }] });
    expect(codeOf(await bob.send("POST", path, { approved: true, payload: { amount: 3 } }))).toBe(200);
  });

  test("is handed on by whoever may decide it, to one who then may", async () => {
    const run = await start(ada, { approvers: ["user:ada"] });
    const path = linkOf(run, "user:ada");
    expect(codeOf(await bob.send("POST", `${path}/delegate`, { to: "user:bob" }))).toBe("not_an_approver");
    expect(codeOf(await ada.send("POST", `${path}/delegate`, { to: " " }))).toBe("bad_request");
    expect(codeOf(await ada.send("POST", `${path}/delegate`, { to: "user:bob", reason: "away" }))).toBe(200);
    expect(codeOf(await ada.send("POST", path, yes))).toBe("token_used");
    await f.until(run, "waiting");
    expect(await listed(bob, run)).toMatchObject([{ approver: "user:bob", delegatedBy: "user:ada", of: 1 }]);
    expect(codeOf(await bob.send("POST", linkOf(run, "user:bob"), yes))).toBe(200);
    const fixed = await start(ada, { approvers: ["user:ada"], delegable: false });
    const refused = await ada.send("POST", `${linkOf(fixed, "user:ada")}/delegate`, { to: "user:bob" });
    expect(codeOf(refused)).toBe("not_delegable");
    const handedOn = (await ada.send("GET", "/api/v1/audit?action=approval:decide&limit=100")).body.records;
    expect(handedOn.some((row: { after?: unknown }) => JSON.stringify(row.after).includes("user:bob"))).toBe(true);
  });

  test("has comments, which all who are asked share, and the audit trail knows who wrote", async () => {
    const run = await start(ada, { approvers: ["user:ada", "user:bob"], need: "all" });
    const [first, second] = [linkOf(run, "user:ada"), linkOf(run, "user:bob")];
    expect((await ada.send("POST", `${first}/comments`, { text: "why so much?" })).body).toEqual({ no: 1 });
    expect(codeOf(await bob.send("POST", `${second}/comments`, { text: "<b>because</b>" }))).toBe(201);
    expect(codeOf(await bob.send("POST", `${second}/comments`, { text: "" }))).toBe("bad_request");
    expect(codeOf(await bob.send("POST", "/api/v1/approvals/none/comments", { text: "x" }))).toBe("token_unknown");
    const { approval } = (await bob.send("GET", second)).body;
    expect(approval.comments).toMatchObject([
      { no: 1, by: "ada", text: "why so much?" },
      { no: 2, by: "bob", text: "<b>because</b>" },
    ]);
    const { records: rows } = (await ada.send("GET", `/api/v1/audit?action=approval:comment&outcome=done`)).body;
    expect(rows).toMatchObject([
      { actorName: "bob", target: `run:${run}`, after: '{"name":"manager","no":2,"chars":14}' },
      { actorName: "ada" },
    ]);
    expect(JSON.stringify(rows)).not.toContain("because");
  });
});
