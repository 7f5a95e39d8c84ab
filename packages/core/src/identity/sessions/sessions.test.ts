import { describe, expect, test } from "bun:test";
import { identityLimits } from "../limits.ts";
import { caller, codeOf, desks, good, password, start } from "../identity.fixture.suite.ts";
import { hashOf } from "../keys/secrets.ts";

const open = desks();
const dayMs = 86_400_000;
const cookie = (value = "") => ({ kind: "cookie", value }) as const;

describe("refreshing", () => {
  test("gives new tokens each time, and the session goes on", async () => {
    const desk = await open();
    await desk.addUser("ada", ["viewer"]);
    const first = await desk.signIn("ada", "program");
    let token = first.refreshToken ?? "";
    const seen = new Set([token]);
    for (let n = 0; n < 5; n++) {
      desk.clock.advance(dayMs);
      const next = good(await desk.identity.refresh({ refreshToken: token, caller }));
      expect(next.session.id).toBe(first.session.id);
      const who = good(await desk.identity.authenticate({ kind: "bearer", value: next.accessToken ?? "" }, caller));
      expect(who.session).toBe(first.session.id);
      token = next.refreshToken ?? "";
      seen.add(token);
    }
    expect(seen.size).toBe(6);
    const kept = await desk.store.identity.getSession({ session: first.session.id });
    expect(kept?.secretHash).toBe(hashOf(token));
    expect(JSON.stringify(kept)).not.toContain(token);
  });

  test("that races gets the one successor, whoever comes first and through whatever restart", async () => {
    const desk = await open();
    await desk.addUser("ada", ["viewer"]);
    const { refreshToken = "" } = await desk.signIn("ada", "program");
    const other = await desk.reopen();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? desk.identity : other).refresh({ refreshToken, caller })),
    );
    expect(new Set(answers.map((answer) => good(answer).refreshToken)).size).toBe(1);
    desk.clock.advance(10_000);
    const late = good(await (await desk.reopen()).refresh({ refreshToken, caller }));
    expect(answers.every((answer) => good(answer).refreshToken === late.refreshToken)).toBe(true);
    expect(codeOf(await desk.identity.refresh({ refreshToken: late.refreshToken ?? "", caller }))).toBe("ok");
  });

  test("with a token that was used before ends the session, also for who stole it", async () => {
    const desk = await open();
    const ada = await desk.addUser("ada", ["viewer"]);
    const { refreshToken = "", session } = await desk.signIn("ada", "program");
    const stolen = good(await desk.identity.refresh({ refreshToken, caller }));
    const ended: string[] = [];
    const thief = good(await desk.identity.authenticate({ kind: "bearer", value: stolen.accessToken ?? "" }, caller));
    desk.identity.onEnded(thief, (why) => ended.push(why));
    desk.clock.advance(10_001);
    expect(codeOf(await desk.identity.refresh({ refreshToken, caller }))).toBe("session_ended");
    expect(ended).toEqual(["reused"]);
    expect(codeOf(await desk.identity.refresh({ refreshToken: stolen.refreshToken ?? "", caller }))).toBe(
      "session_ended",
    );
    const bearer = { kind: "bearer", value: stolen.accessToken ?? "" } as const;
    expect(codeOf(await desk.identity.authenticate(bearer, caller))).toBe("session_ended");
    expect(await desk.audited()).toContainEqual(
      expect.objectContaining({ action: "session:end", reason: "reused", by: expect.objectContaining({ id: ada }) }),
    );
    expect(await desk.store.identity.getSession({ session: session.id })).toBeUndefined();
  });

  test("with a token of long ago ends the session too, also within the grace of the newest", async () => {
    const desk = await open();
    await desk.addUser("ada", ["viewer"]);
    const { refreshToken = "" } = await desk.signIn("ada", "program");
    let next = refreshToken;
    for (let n = 0; n < 3; n++)
      next = good(await desk.identity.refresh({ refreshToken: next, caller })).refreshToken ?? "";
    expect(codeOf(await desk.identity.refresh({ refreshToken, caller }))).toBe("session_ended");
    expect(codeOf(await desk.identity.refresh({ refreshToken: next, caller }))).toBe("session_ended");
  });

  test("with what was never a token ends nothing", async () => {
    const desk = await open();
    await desk.addUser("ada", ["viewer"]);
    const { refreshToken = "", session } = await desk.signIn("ada", "program");
    for (const made of ["", session.id, `slr_${session.id}.0.${"A".repeat(43)}`, refreshToken.replace(".0.", ".1.")]) {
      expect(codeOf(await desk.identity.refresh({ refreshToken: made, caller }))).toBe("session_ended");
    }
    expect(codeOf(await desk.identity.refresh({ refreshToken, caller }))).toBe("ok");
  });

  test("is over when it was not done for long, after the session's time, and for who is disabled", async () => {
    const desk = await open();
    await desk.addUser("root", ["admin"]);
    await desk.addUser("ada", ["viewer"]);
    const idle = await desk.signIn("ada", "program");
    let used = (await desk.signIn("ada", "program")).refreshToken ?? "";
    const answers: string[] = [];
    for (let day = 0; day < 90; day += 15) {
      desk.clock.advance(15 * dayMs);
      const answer = await desk.identity.refresh({ refreshToken: used, caller });
      answers.push(codeOf(answer));
      if (answer.ok) used = answer.value.refreshToken ?? "";
    }
    expect(answers).toEqual(["ok", "ok", "ok", "ok", "ok", "session_ended"]);
    expect(codeOf(await desk.identity.refresh({ refreshToken: idle.refreshToken ?? "", caller }))).toBe(
      "session_ended",
    );
    const disabled = await desk.signIn("ada", "program");
    good(await desk.identity.users.update(desk.local, "ada", { disabled: true }));
    const refreshToken = disabled.refreshToken ?? "";
    expect(codeOf(await desk.identity.refresh({ refreshToken, caller }))).toBe("session_ended");
  });
});

describe("ending", () => {
  test("signs out of this session, or of all of them, and tells what is open", async () => {
    const desk = await open();
    await desk.addUser("ada", ["viewer"]);
    const [first, second, third] = [
      await desk.principal("ada"),
      await desk.principal("ada"),
      await desk.principal("ada"),
    ];
    const ended: string[] = [];
    for (const [name, who] of Object.entries({ first, second, third })) {
      desk.identity.onEnded(who, (why) => ended.push(`${name} ${why}`));
    }
    expect(good(await desk.identity.sessions.signOut(first, { everywhere: false }))).toEqual({ ended: 1 });
    expect(ended).toEqual(["first signed_out"]);
    expect(good(await desk.identity.sessions.signOut(second, { everywhere: true }))).toEqual({ ended: 2 });
    expect(ended).toEqual(["first signed_out", "second signed_out", "third signed_out"]);
  });

  test("another session is for its user, and for who may look after users", async () => {
    const desk = await open();
    await desk.addUser("root", ["admin"]);
    await desk.addUser("ada", ["viewer"]);
    await desk.addUser("bob", ["operator"]);
    const [ada, bob, root] = [await desk.principal("ada"), await desk.principal("bob"), await desk.principal("root")];
    const { sessions } = desk.identity;
    const other = (await desk.signIn("ada")).session.id;
    expect(codeOf(await sessions.end(bob, other))).toBe("session_not_found");
    expect(codeOf(await sessions.end(ada, other))).toBe("ok");
    expect(codeOf(await sessions.end(ada, other))).toBe("session_not_found");
    expect(codeOf(await sessions.end(root, ada.session ?? ""))).toBe("ok");
    expect(codeOf(await sessions.end(ada, "ses_unknown"))).toBe("session_not_found");
  });

  test("is not for tokens, which have no session", async () => {
    const desk = await open();
    await desk.addUser("ada", ["viewer"]);
    const { token } = good(
      await desk.identity.tokens.create(await desk.principal("ada"), { name: "t", role: "viewer" }),
    );
    const principal = good(await desk.identity.authenticate({ kind: "bearer", value: token }, caller));
    expect(codeOf(await desk.identity.sessions.signOut(principal, { everywhere: true }))).toBe("forbidden");
    expect(codeOf(await desk.identity.sessions.list(principal))).toBe("forbidden");
  });
});

test("sessions are listed with when they were last used, one's own or for who may see users", async () => {
  const desk = await open();
  await desk.addUser("root", ["admin"]);
  const id = await desk.addUser("ada", ["viewer"]);
  const ada = await desk.principal("ada");
  desk.clock.advance(dayMs);
  const { cookie: value } = await desk.signIn("ada");
  desk.clock.advance(5);
  good(await desk.identity.authenticate(cookie(value), caller));
  const listed = good(await desk.identity.sessions.list(ada));
  expect(listed.map(({ seenAt }) => seenAt)).toEqual([start + dayMs + 5, start]);
  expect(listed[0]).toMatchObject({
    address: caller.address,
    agent: caller.agent,
    method: "password",
    kind: "console",
  });
  const root = await desk.principal("root");
  expect(good(await desk.identity.sessions.list(root, id))).toHaveLength(2);
  expect(codeOf(await desk.identity.sessions.list(ada, "usr_other"))).toBe("forbidden");
  desk.clock.advance(identityLimits.sessionIdleMs - 5);
  expect(good(await desk.identity.sessions.list(root, id))).toHaveLength(1);
});

test("the oldest session ends for a new one when there are too many", async () => {
  const desk = await open({ settings: { limits: { ...identityLimits, sessionsPerUserMax: 3 } } });
  await desk.addUser("ada", ["viewer"]);
  const cookies: string[] = [];
  for (let n = 0; n < 4; n++) {
    desk.clock.advance(1);
    cookies.push((await desk.signIn("ada")).cookie ?? "");
  }
  const codes: string[] = [];
  for (const value of cookies) codes.push(codeOf(await desk.identity.authenticate(cookie(value), caller)));
  expect(codes).toEqual(["session_ended", "ok", "ok", "ok"]);
});

describe("signing in while", () => {
  test("being disabled leaves no session, however the two fall together", async () => {
    for (let delay = 0; delay < 40; delay += 4) {
      const desk = await open();
      await desk.addUser("root", ["admin"]);
      const id = await desk.addUser("ada", ["viewer"]);
      const user = await desk.store.identity.getUser({ user: id });
      if (user === undefined) throw new Error("There is no user.");
      const signing = desk.identity.sessions.begin({ user, kind: "console", method: "password", caller });
      for (let turn = 0; turn < delay; turn++) await Promise.resolve();
      good(await desk.identity.users.update(desk.local, id, { disabled: true }));
      await signing;
      expect(await desk.store.identity.listSessions({ user: id, now: start })).toEqual([]);
      good(await desk.identity.users.update(desk.local, id, { disabled: false }));
      expect(await desk.store.identity.listSessions({ user: id, now: start })).toEqual([]);
    }
  });

  test("the account was closed, or got another password, since who they are was proved leaves none", async () => {
    for (const change of [{ disabled: true }, { password: "another horse battery" }]) {
      const desk = await open();
      await desk.addUser("root", ["admin"]);
      const id = await desk.addUser("ada", ["viewer"]);
      const user = good(await desk.identity.users.get(id));
      good(await desk.identity.users.update(desk.local, id, change));
      const begun = desk.identity.sessions.begin({ user, kind: "console", method: "password", caller });
      expect(codeOf(await begun)).toBe("sign_in_failed");
      expect(await desk.store.identity.listSessions({ user: id, now: start })).toEqual([]);
    }
  });

  test("the password is changed by somebody else leaves no session of the old one", async () => {
    const desk = await open();
    await desk.addUser("root", ["admin"]);
    const id = await desk.addUser("ada", ["viewer"]);
    const signing = desk.identity.signIn({ name: "ada", password, kind: "console", caller });
    good(await desk.identity.users.update(desk.local, id, { password: "another horse battery" }));
    const answer = await signing;
    const sessions = await desk.store.identity.listSessions({ user: id, now: start });
    expect(sessions).toHaveLength(0);
    if (answer.ok) {
      expect(codeOf(await desk.identity.authenticate(cookie(answer.value.cookie), caller))).toBe("session_ended");
    }
  });
});
