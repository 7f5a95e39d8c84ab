import { expect, test } from "bun:test";
import { newSession, newToken, newUser } from "../../identity-store.fixture.suite.ts";
import { ada, approval, start, value } from "../../run-store.fixture.suite.ts";
import { withBench } from "../sqlite-store.fixture.suite.ts";

const bench = withBench();

test("what is seen is of the moment, and no more of it than rows tell", () => {
  const { on } = bench;
  on.hot("r1");
  on.append("r1", approval(0, "t1"));
  on.t.state.put({ scope: "global", key: "k", expiresAt: start + 5 }, value(1));
  const { sight } = on.t;
  const before = sight.run("r1");
  on.verb("cancelRun", {
    by: ada,
    run: "r1",
    notice: { status: "cancelled", reason: "cancelled_by_user", message: "" },
    error: value(0),
    now: start,
  });
  expect(before).toEqual({ workflow: "order", version: "v1", status: "running", attempt: 1 });
  expect(sight.run("none")).toBeUndefined();
  expect(sight.waitToken("t1")).toMatchObject({ run: "r1", workflow: "order", name: "manager" });
  expect(sight.state({ scope: "global", key: "k", now: start })).toMatchObject({ version: 1 });
  expect(sight.state({ scope: "global", key: "k", now: start + 5 })).toBeUndefined();
  expect([sight.schedule("s"), sight.user("u"), sight.role("r"), sight.session("s")]).toEqual(Array(4).fill(undefined));
});

test("people are seen as they are kept", () => {
  const { t } = bench.on;
  t.users.put(newUser("u1"));
  t.users.putRole({ name: "biller", grants: [], updatedAt: start });
  t.sessions.insert(newSession("s1"));
  t.accessTokens.insert(newToken("t1"));
  expect(t.sight.user("u1")).toEqual(newUser("u1"));
  expect(t.sight.role("biller")).toEqual({ name: "biller", grants: [], updatedAt: start });
  expect(t.sight.session("s1")).toEqual(newSession("s1"));
  expect(t.sight.accessToken("t1")).toEqual(newToken("t1"));
});
