// Who may decide, as the engine judges it: by what the edge knows of them and what was agreed on about the link.
import { describe, expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import type { ApprovalTerms } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import type { ApproveOptions } from "@sluice/sdk";
import { isFor, termsOf } from "./approvals.ts";
import type { Decider } from "./approvals.ts";
import { EngineFixture, rest, tester } from "./engine-fixture.suite.ts";

const person = (name: string, ...roles: string[]) => ({ id: `usr_${name}`, name, roles });
const decider = (more: Partial<Decider> = {}): Decider => ({
  by: tester,
  operator: false,
  requester: async () => "usr_ada",
  ...more,
});

async function ask(options: ApproveOptions): Promise<{ f: EngineFixture; run: string; token: string }> {
  const asking = workflow({ name: "asking" }, (ctx) => ctx.approve("manager", options));
  const f = await EngineFixture.start({ workflows: [asking] });
  const run = await f.run(asking);
  await rest();
  const [token] = await f.store.listTokens({ kind: "approval", limit: 1 });
  return { f, run, token: token?.token ?? "" };
}
const codes = async (options: ApproveOptions, ...deciders: readonly Partial<Decider>[]): Promise<readonly string[]> => {
  const { f, token } = await ask(options);
  const answers: string[] = [];
  for (const each of deciders) {
    const answer = await f.engine.approvals.decide({ decider: decider(each), token, approved: true });
    answers.push(answer.ok ? "ok" : answer.error.code);
  }
  return answers;
};

describe("a decision", () => {
  test("is for the user who was asked", async () => {
    expect(
      await codes({ approvers: ["user:ada"] }, {}, { person: person("bob", "ops") }, { person: person("ada") }, {}),
    ).toEqual(["not_an_approver", "not_an_approver", "ok", "not_an_approver"]);
  });

  test("is for those with the role, and for whoever runs the machine", async () => {
    expect(
      await codes({ approvers: ["role:ops"] }, { person: person("ada") }, { person: person("bob", "ops") }),
    ).toEqual(["not_an_approver", "ok"]);
    expect(await codes({ approvers: ["role:ops"], notRequester: true }, { operator: true })).toEqual(["ok"]);
  });

  test("is for whoever has a link that was sent somewhere", async () => {
    expect(await codes({ approvers: ["eve@example.com"] }, {}, {})).toEqual(["ok", "token_used"]);
  });

  test("is not for whoever started the run, where that is set", async () => {
    const options = { approvers: ["role:ops"], notRequester: true };
    expect(await codes(options, { person: person("ada", "ops") }, { person: person("bob", "ops") })).toEqual([
      "requester_may_not_decide",
      "ok",
    ]);
  });

  test("of a plain approval is anybody's, and has no terms", async () => {
    const { f, token, run } = await ask({ description: "x" });
    expect(termsOf({})).toBeUndefined();
    expect(await f.engine.approvals.decide({ decider: decider(), token, approved: true, payload: 3 })).toMatchObject({
      ok: true,
      value: { run },
    });
    expect((await f.ended(run)).output).toMatchObject({ approved: true, payload: 3 });
    const none = await f.engine.approvals.decide({ decider: decider(), token: "none", approved: true });
    expect(none).toMatchObject({ ok: false, error: { code: "token_unknown" } });
  });
});

test("a link is shown to those it is for; one that was sent to an address to nobody else", () => {
  const terms = (approver?: string): ApprovalTerms =>
    termsOf({ terms: encodeValue({ group: "g", need: 1, of: 1, ...(approver === undefined ? {} : { approver }) }) })!;
  const ada = { person: person("ada", "ops"), operator: false };
  expect(
    ["user:ada", "user:bob", "role:ops", "role:x", "eve@example.com", undefined].map((each) => isFor(terms(each), ada)),
  ).toEqual([true, false, true, false, false, true]);
  expect(isFor(terms("eve@example.com"), { operator: true })).toBe(true);
  expect(isFor(undefined, { operator: false })).toBe(true);
});

test("handing on uses the link up and asks another", async () => {
  const { f, token, run } = await ask({ approvers: ["user:ada"] });
  const by = decider({ person: person("ada") });
  expect(await f.engine.approvals.delegate({ decider: by, token, to: "user:bob" })).toMatchObject({ ok: true });
  await rest();
  const [open] = await f.store.listTokens({ kind: "approval", status: "open", limit: 9 });
  expect(termsOf(open!)).toMatchObject({ approver: "user:bob", delegatedBy: "user:ada" });
  // Who handed it on has not decided, and may be asked again.
  expect(
    await f.engine.approvals.delegate({
      decider: decider({ person: person("bob") }),
      token: open!.token,
      to: "user:ada",
    }),
  ).toMatchObject({ ok: true });
  await rest();
  const [last] = await f.store.listTokens({ kind: "approval", status: "open", limit: 9 });
  expect(await f.engine.approvals.decide({ decider: by, token: last!.token, approved: true })).toMatchObject({
    ok: true,
  });
  expect((await f.ended(run)).output).toMatchObject({ by: "usr_ada", decisions: [{ approver: "user:ada" }] });
});

test("comments are limited, and end with the approval", async () => {
  const { f, token } = await ask({ approvers: ["user:ada"] });
  const write = (text: string) => f.engine.approvals.comment({ by: tester, token, text });
  expect(await write("why?")).toMatchObject({ ok: true, value: { no: 1 } });
  expect((await f.engine.approvals.comments(token)).map(({ text }) => text)).toEqual(["why?"]);
  for (let no = 2; no <= f.engine.limits.approvalCommentsMax; no++) await write(`${no}`);
  expect(await write("more")).toMatchObject({ ok: false, error: { code: "comments_full" } });
  expect(await f.engine.approvals.comment({ by: tester, token: "none", text: "x" })).toMatchObject({
    ok: false,
    error: { code: "token_unknown" },
  });
});
