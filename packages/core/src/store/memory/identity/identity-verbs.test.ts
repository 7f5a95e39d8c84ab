import { expect, test } from "bun:test";
import { newSession, newToken, newUser } from "../../identity-store.fixture.suite.ts";
import { ada, start } from "../../run-store.fixture.suite.ts";
import { Accounts } from "./accounts.ts";
import { identityVerbs } from "./identity-verbs.ts";

test("records that were handed out stay as they were", () => {
  const accounts = new Accounts();
  identityVerbs.createUser(accounts, { by: ada, user: newUser("u1") });
  identityVerbs.createSession(accounts, { by: ada, session: newSession("s1") });
  const [user, session] = [accounts.users.get("u1"), accounts.sessions.get("s1")];
  identityVerbs.updateUser(accounts, { by: ada, user: "u1", change: { disabled: true }, now: start });
  identityVerbs.touch(accounts, { sessions: [{ id: "s1", at: start + 9 }], tokens: [] });
  expect(user).toEqual(newUser("u1"));
  expect(session).toEqual(newSession("s1"));
  expect(accounts.users.get("u1")?.disabled).toBe(true);
});

test("a sweep takes no more than it may of sessions and tokens together", () => {
  const accounts = new Accounts();
  for (let i = 0; i < 3; i++) {
    identityVerbs.createSession(accounts, { by: ada, session: newSession(`s${i}`, { expiresAt: start }) });
    identityVerbs.createToken(accounts, { by: ada, token: newToken(`t${i}`, { expiresAt: start }) });
  }
  const sweep = () => identityVerbs.sweepIdentity(accounts, { before: start + 1, limit: 4 });
  expect([sweep(), sweep(), sweep()]).toEqual([{ swept: 4 }, { swept: 2 }, { swept: 0 }]);
});
