import { describe, expect, test } from "bun:test";
import { caller, codeOf, desks, expectRefused, good, start } from "../identity.fixture.suite.ts";
import { hashOf, isToken } from "../keys/secrets.ts";

const open = desks();

async function staffed() {
  const desk = await open();
  await desk.addUser("root", ["admin"]);
  await desk.addUser("ada", ["operator"]);
  const ada = await desk.principal("ada");
  const holding = async (value: string) => good(await desk.identity.authenticate({ kind: "bearer", value }, caller));
  return { ...desk, ada, holding, tokens: desk.identity.tokens };
}

describe("a token", () => {
  test("is shown once and kept as a hash, with its beginning", async () => {
    const { ada, store, tokens } = await staffed();
    const made = good(
      await tokens.create(ada, {
        name: "ci",
        role: "operator",
        limits: { state: ["ci/"], cache: ["pr-17"] },
        expiresInMs: 1_000,
      }),
    );
    expect(isToken(made.token)).toBe(true);
    expect(made.row).toMatchObject({
      name: "ci",
      owner: ada.user?.id,
      role: "operator",
      limits: { state: ["ci/*"], cache: ["pr-17"] },
      expiresAt: start + 1_000,
      secretHash: hashOf(made.token),
      prefix: made.token.slice(0, 12),
    });
    const kept = await store.identity.getToken({ token: made.id });
    expect(kept).toEqual(made.row);
    expect(JSON.stringify([kept, await store.audit.readAudit({ after: 0, limit: 100 })])).not.toContain(made.token);
  });

  test("has a role or grants, which exist and can be narrowed as asked", async () => {
    const { ada, tokens } = await staffed();
    const grants = [{ permission: "run:read" }];
    expect(codeOf(await tokens.create(ada, { name: "t" }))).toBe("invalid_input");
    expect(codeOf(await tokens.create(ada, { name: "t", grants: [] }))).toBe("invalid_input");
    expect(codeOf(await tokens.create(ada, { name: "t", role: "viewer", grants }))).toBe("invalid_input");
    expect(codeOf(await tokens.create(ada, { name: "t", role: "nothing" }))).toBe("role_not_found");
    expect(codeOf(await tokens.create(ada, { name: "t", grants: [{ permission: "no:thing" }] }))).toBe("invalid_input");
    expect(codeOf(await tokens.create(ada, { name: "t", role: null, grants }))).toBe("ok");
    const limits = { state: ["*a".repeat(9)] };
    expect(codeOf(await tokens.create(ada, { name: "t", role: "viewer", limits }))).toBe("invalid_input");
  });

  test("has nothing that who makes it lacks; a limit can make it fit", async () => {
    const { identity, local, signIn, tokens, ada } = await staffed();
    expectRefused(await tokens.create(ada, { name: "t", role: "developer" }), "forbidden", { permission: "run:fork" });
    expectRefused(await tokens.create(ada, { name: "t", role: "admin" }), "forbidden");
    expectRefused(await tokens.create(ada, { name: "t", role: "worker" }), "forbidden", {
      permission: "worker:connect",
    });
    expect(codeOf(await tokens.create(local, { name: "t", role: "worker", limits: { label: ["gpu"] } }))).toBe("ok");
    const grants = [{ permission: "run:*", only: ["a/*"] }];
    good(await identity.roles.put(local, { name: "a-only", grants }));
    good(await identity.users.update(local, "ada", { roles: ["a-only"] }));
    const value = (await signIn("ada")).cookie ?? "";
    const narrowed = good(await identity.authenticate({ kind: "cookie", value }, caller));
    const runs = [{ permission: "run:read" }];
    expect(codeOf(await tokens.create(narrowed, { name: "t", grants: runs }))).toBe("forbidden");
    expect(codeOf(await tokens.create(narrowed, { name: "t", grants: runs, limits: { workflow: ["a/b*"] } }))).toBe(
      "ok",
    );
    expect(codeOf(await tokens.create(narrowed, { name: "t", grants: runs, limits: { workflow: ["b/*"] } }))).toBe(
      "forbidden",
    );
  });

  test("does not make another", async () => {
    const { ada, holding, tokens } = await staffed();
    const { token } = good(await tokens.create(ada, { name: "t", role: "viewer" }));
    expect(codeOf(await tokens.create(await holding(token), { name: "child", role: "viewer" }))).toBe("forbidden");
  });

  test("made at the machine has no owner, and what it was made with", async () => {
    const { holding, local, tokens } = await staffed();
    const { row, token } = good(await tokens.create(local, { name: "t", role: "admin" }));
    expect(row.owner).toBeUndefined();
    expect((await holding(token)).grants()).toEqual([{ permission: "*" }]);
  });
});

test("tokens are listed newest first: one's own, or all for who may see them", async () => {
  const { ada, clock, holding, local, tokens } = await staffed();
  const mine = good(await tokens.create(ada, { name: "mine", role: "viewer" }));
  clock.advance(1);
  good(await tokens.create(local, { name: "other", role: "viewer" }));
  const names = async (who: typeof ada, all: boolean) =>
    good(await tokens.list(who, { all, limit: 10 })).tokens.map(({ name }) => name);
  expect(await names(ada, false)).toEqual(["mine"]);
  expectRefused(await tokens.list(ada, { all: true, limit: 10 }), "forbidden", { permission: "token:read" });
  expect(await names(local, true)).toEqual(["other", "mine"]);
  expect(await names(local, false)).toEqual([]);
  expect(await names(await holding(mine.token), false)).toEqual([]);
  const first = good(await tokens.list(local, { all: true, limit: 1 }));
  const rest = good(await tokens.list(local, { all: true, limit: 1, cursor: first.next }));
  expect(rest.tokens.map(({ name }) => name)).toEqual(["mine"]);
});

test("a token is revoked by its owner, by who may, and by itself; then it and what is open with it ends", async () => {
  const { ada, addUser, holding, identity, local, principal, tokens } = await staffed();
  await addUser("bob", ["developer"]);
  const bob = await principal("bob");
  const make = async () => good(await tokens.create(ada, { name: "t", role: "viewer" }));
  const [first, second, third] = [await make(), await make(), await make()];
  const heard: string[] = [];
  identity.onEnded(await holding(first.token), (why) => heard.push(why));
  expect(codeOf(await tokens.revoke(bob, first.id))).toBe("token_unknown");
  expect(codeOf(await tokens.revoke(await holding(second.token), first.id))).toBe("token_unknown");
  expect(codeOf(await tokens.revoke(ada, first.id))).toBe("ok");
  expect(heard).toEqual(["revoked"]);
  expect(codeOf(await tokens.revoke(await holding(second.token), second.id))).toBe("ok");
  expect(codeOf(await tokens.revoke(local, third.id))).toBe("ok");
  expect(codeOf(await tokens.revoke(local, "tkn_none"))).toBe("token_unknown");
  for (const { token } of [first, second, third]) {
    expect(codeOf(await identity.authenticate({ kind: "bearer", value: token }, caller))).toBe("unauthorized");
  }
});
