import { expect, test } from "bun:test";
import { newSession, newToken, newUser } from "../../identity-store.fixture.suite.ts";
import { ada, start } from "../../run-store.fixture.suite.ts";
import { withBench } from "../sqlite-store.fixture.suite.ts";
import { identityVerbs } from "./identity-verbs.ts";

const bench = withBench();

test("a change that is refused changes nothing", () => {
  const { t } = bench.on;
  identityVerbs.createUser(t, { by: ada, user: newUser("u1", { roles: ["admin"] }) });
  identityVerbs.createSession(t, { by: ada, session: newSession("s1") });
  const before = bench.on.changes;
  const update = (change: object, more: object = {}) =>
    identityVerbs.updateUser(t, { by: ada, user: "u1", change, now: start, ...more }).outcome;
  expect(update({ roles: [] })).toBe("last_admin");
  expect(update({ email: "x@y.z" }, { ifVersion: 2 })).toBe("conflict");
  const rotate = { session: "s1", expect: "stale", next: "n", expiresAt: start, now: start };
  expect(identityVerbs.rotateSession(t, rotate)).toEqual({ outcome: "conflict" });
  expect(identityVerbs.createUser(t, { by: ada, user: newUser("U1") })).toEqual({ outcome: "name_taken" });
  expect(bench.on.changes).toBe(before);
});

test("a sweep takes no more than it may of sessions and tokens together", () => {
  const { t } = bench.on;
  for (let i = 0; i < 3; i++) {
    t.sessions.insert(newSession(`s${i}`, { expiresAt: start }));
    t.accessTokens.insert(newToken(`t${i}`, { expiresAt: start }));
  }
  const sweep = () => identityVerbs.sweepIdentity(t, { before: start + 1, limit: 4 });
  expect([sweep(), sweep(), sweep()]).toEqual([{ swept: 4 }, { swept: 2 }, { swept: 0 }]);
});
