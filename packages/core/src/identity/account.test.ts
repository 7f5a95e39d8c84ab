import { describe, expect, test } from "bun:test";
import { URI } from "otpauth";
import { caller, codeOf, desks, good, password } from "./identity.fixture.suite.ts";

const open = desks();
const next = "another horse battery";

async function signedIn(totp = true) {
  const desk = await open({ settings: { totp } });
  const id = await desk.addUser("ada", ["viewer"]);
  return { ...desk, account: desk.identity.account, ada: await desk.principal("ada"), id };
}

describe("one's password", () => {
  test("is changed by who knows it; other sessions end, this one stays", async () => {
    const { account, ada, identity, principal } = await signedIn();
    const other = await principal("ada");
    const heard: string[] = [];
    for (const [name, who] of Object.entries({ ada, other }))
      identity.onEnded(who, (why) => heard.push(`${name} ${why}`));
    expect(codeOf(await account.changePassword(ada, { current: "wrong", next, caller }))).toBe("sign_in_failed");
    expect(codeOf(await account.changePassword(ada, { current: password, next: "short", caller }))).toBe(
      "weak_password",
    );
    expect(codeOf(await account.changePassword(ada, { current: password, next, caller }))).toBe("ok");
    expect(heard).toEqual(["other password_changed"]);
    const signIn = (given: string) => identity.signIn({ name: "ada", password: given, kind: "console", caller });
    expect([codeOf(await signIn(password)), codeOf(await signIn(next))]).toEqual(["sign_in_failed", "ok"]);
  });

  test("cannot be guessed by who has found a browser left open", async () => {
    const { account, ada } = await signedIn();
    for (let n = 0; n < 6; n++) await account.changePassword(ada, { current: `guess ${n}`, next, caller });
    expect(codeOf(await account.changePassword(ada, { current: password, next, caller }))).toBe("too_many_requests");
  });

  test("is set without the one before by who has none", async () => {
    const { account, ada, id, local, identity, store } = await signedIn();
    await store.identity.updateUser({ by: local.actor, user: id, change: { passwordHash: null }, now: 0 });
    expect(codeOf(await account.changePassword(ada, { current: "", next, caller }))).toBe("ok");
    expect(codeOf(await identity.signIn({ name: "ada", password: next, kind: "console", caller }))).toBe("ok");
  });
});

describe("one-time codes", () => {
  test("are turned on and off by who knows the password", async () => {
    const { account, ada, clock, identity } = await signedIn();
    expect(codeOf(await account.beginTotp(ada, { password: "wrong", caller }))).toBe("sign_in_failed");
    const { uri } = good(await account.beginTotp(ada, { password, caller }));
    const signIn = () => identity.signIn({ name: "ada", password, kind: "console", caller });
    expect(codeOf(await signIn())).toBe("ok");
    expect(codeOf(await account.confirmTotp(ada, { code: "nonsense" }))).toBe("sign_in_failed");
    const code = URI.parse(uri).generate({ timestamp: clock.now() });
    expect(good(await account.confirmTotp(ada, { code })).recoveryCodes).toHaveLength(10);
    expect(codeOf(await signIn())).toBe("second_factor_required");
    expect(codeOf(await account.removeTotp(ada, { password: "wrong", caller }))).toBe("sign_in_failed");
    expect(codeOf(await account.removeTotp(ada, { password, caller }))).toBe("ok");
    expect(codeOf(await signIn())).toBe("ok");
  });

  test("cannot be turned on where they are not offered", async () => {
    const { account, ada } = await signedIn(false);
    expect(codeOf(await account.beginTotp(ada, { password, caller }))).toBe("bad_request");
  });
});

describe("the second factor, asked for again", () => {
  const minutes = 60_000;

  test("is shown by signing in or with a code, and not asked of who has none", async () => {
    const { account, ada, clock, identity, local } = await signedIn();
    const prove = async (who: typeof ada, code?: string) =>
      codeOf(await account.proveSecondFactor(who, { code, caller }));
    expect([await prove(ada), await prove(local)]).toEqual(["ok", "ok"]);
    const { uri } = good(await account.beginTotp(ada, { password, caller }));
    const codeNow = () => URI.parse(uri).generate({ timestamp: clock.now() });
    good(await account.confirmTotp(ada, { code: codeNow() }));
    clock.advance(11 * minutes);
    expect(await prove(ada)).toBe("second_factor_required");
    expect(await prove(ada, "000000")).toBe("sign_in_failed");
    const code = codeNow();
    expect([await prove(ada, code), await prove(ada, code)]).toEqual(["ok", "sign_in_failed"]);
    clock.advance(1 * minutes);
    const signed = good(await identity.signIn({ name: "ada", password, code: codeNow(), kind: "console", caller }));
    const fresh = good(await identity.authenticate({ kind: "cookie", value: signed.cookie ?? "" }, caller));
    expect(await prove(fresh)).toBe("ok");
    clock.advance(11 * minutes);
    expect(await prove(fresh)).toBe("second_factor_required");
  });

  test("is never shown by a token of who has one, and cannot be guessed", async () => {
    const { account, ada, clock, identity } = await signedIn();
    const { token } = good(await identity.tokens.create(ada, { name: "t", role: "viewer" }));
    const { uri } = good(await account.beginTotp(ada, { password, caller }));
    const code = () => URI.parse(uri).generate({ timestamp: clock.now() });
    good(await account.confirmTotp(ada, { code: code() }));
    clock.advance(11 * minutes);
    const byToken = good(await identity.authenticate({ kind: "bearer", value: token }, caller));
    expect(codeOf(await account.proveSecondFactor(byToken, { code: code(), caller }))).toBe("forbidden");
    for (let n = 0; n < 6; n++) await account.proveSecondFactor(ada, { code: `00000${n}`, caller });
    expect(codeOf(await account.proveSecondFactor(ada, { code: code(), caller }))).toBe("too_many_requests");
  });
});

test("an account is its user's alone: neither a token nor the operator of the machine has one", async () => {
  const { account, ada, identity, local } = await signedIn();
  const { token } = good(await identity.tokens.create(ada, { name: "t", role: "viewer" }));
  const byToken = good(await identity.authenticate({ kind: "bearer", value: token }, caller));
  for (const who of [byToken, local]) {
    const answers = [
      await account.changePassword(who, { current: password, next, caller }),
      await account.beginTotp(who, { password, caller }),
      await account.confirmTotp(who, { code: "000000" }),
      await account.removeTotp(who, { password, caller }),
      await account.listPasskeys(who),
      await account.beginPasskey(who, { password, caller }),
      await account.addPasskey(who, { challenge: "x", name: "x", credential: {} }),
      await account.removePasskey(who, "x"),
    ];
    expect(answers.map((answer) => codeOf(answer))).toEqual(Array.from({ length: 8 }, () => "forbidden"));
  }
});
