import { describe, expect, test } from "bun:test";
import type { Principal } from "../access/principal.ts";
import { caller, codeOf, desks, good, password } from "../identity.fixture.suite.ts";
import { identityLimits } from "../limits.ts";
import { SoftAuthenticator } from "./authenticator.fixture.suite.ts";
import type { Quirks } from "./authenticator.fixture.suite.ts";

const open = desks();
const rpId = "ops.example";
const origin = "https://ops.example";
const settings = { passkeys: { rpId, rpName: "Ops", origins: [origin] } };
const minuteMs = 60_000;

async function equipped() {
  const desk = await open({ settings });
  const id = await desk.addUser("ada", ["operator"]);
  const ada = await desk.principal("ada");
  const device = await SoftAuthenticator.make();
  const { account } = desk.identity;

  /** Makes a passkey as a browser would, and has it kept. */
  const register = async (who: Principal = ada, more: object = {}, quirks: Quirks = {}) => {
    const { challenge, options } = good(await account.beginPasskey(who, { password, caller }));
    const asked = { rpId, origin, challenge: options.challenge, user: options.user.id, ...more };
    const credential = await device.create(asked, quirks);
    return { challenge, credential, answer: await account.addPasskey(who, { challenge, credential, name: "phone" }) };
  };
  /** Signs in as a browser would. */
  const answer = async (more: object = {}, quirks: Quirks = {}) => {
    const { challenge, options } = good(await desk.identity.beginPasskeySignIn());
    return { challenge, credential: await device.get({ rpId, origin, challenge: options.challenge, ...more }, quirks) };
  };
  const signIn = async (more: object = {}, quirks: Quirks = {}) => {
    return desk.identity.passkeySignIn({ ...(await answer(more, quirks)), kind: "console", caller });
  };
  return { account, ada, answer, desk, device, id, register, signIn };
}

describe("a passkey", () => {
  test("is made by who knows the password, and signs in without name and password", async () => {
    const { account, ada, device, desk, id, register, signIn } = await equipped();
    expect(codeOf(await account.beginPasskey(ada, { password: "wrong", caller }))).toBe("sign_in_failed");
    const passkey = good((await register()).answer);
    expect(passkey).toMatchObject({ id: device.id, user: id, name: "phone", counter: 0, transports: ["internal"] });
    desk.clock.advance(minuteMs);
    const signed = good(await signIn());
    expect(signed).toMatchObject({ user: { id }, session: { method: "passkey", kind: "console" } });
    const who = await desk.identity.authenticate({ kind: "cookie", value: signed.cookie ?? "" }, caller);
    expect(good(who).user?.name).toBe("ada");
    const [kept] = good(await account.listPasskeys(ada));
    expect(kept).toMatchObject({ counter: 1, usedAt: desk.clock.now() });
    expect(await desk.audited()).toContainEqual(
      expect.objectContaining({ by: expect.objectContaining({ id }), target: `passkey:${device.id}` }),
    );
  });

  test("needs no second factor beside it, and none for who has none set", async () => {
    const { register, signIn } = await equipped();
    good((await register()).answer);
    expect(codeOf(await signIn({}, {}))).toBe("ok");
  });

  test.each<[string, object, Quirks]>([
    ["another origin", { origin: "https://evil.example" }, {}],
    ["another port", { origin: "https://ops.example:8443" }, {}],
    ["another site", { rpId: "evil.example" }, {}],
    ["another challenge", { challenge: "AAAA" }, {}],
    ["signing in", {}, { type: "webauthn.get" }],
    ["a device that did not ask who holds it", {}, { flags: 1 }],
  ])("made for %s is not kept", async (_, more, quirks) => {
    const { account, ada, register } = await equipped();
    expect(codeOf((await register(ada, more, quirks)).answer)).toBe("bad_request");
    expect(good(await account.listPasskeys(ada))).toEqual([]);
  });

  test.each<[string, object, Quirks]>([
    ["another origin", { origin: "https://evil.example" }, {}],
    ["another site", { rpId: "evil.example" }, {}],
    ["another challenge", { challenge: "AAAA" }, {}],
    ["making one", {}, { type: "webauthn.create" }],
    ["a device that did not ask who holds it", {}, { flags: 1 }],
    ["another user", {}, { userHandle: Buffer.from("usr_other").toString("base64url") }],
  ])("that answers for %s does not sign in, and the trail says so", async (_, more, quirks) => {
    const { desk, id, register, signIn } = await equipped();
    good((await register()).answer);
    expect(codeOf(await signIn(more, quirks))).toBe("sign_in_failed");
    expect((await desk.audited()).at(-1)).toMatchObject({
      reason: "wrong_passkey",
      target: `user:${id}`,
      outcome: "refused",
    });
    expect(codeOf(await signIn())).toBe("ok");
  });

  test("that was copied is noticed by its counter", async () => {
    const { register, signIn } = await equipped();
    good((await register()).answer);
    good(await signIn({}, { counter: 10 }));
    expect(codeOf(await signIn({}, { counter: 10 }))).toBe("sign_in_failed");
    expect(codeOf(await signIn({}, { counter: 11 }))).toBe("ok");
  });

  test("answers a challenge once, and in time", async () => {
    const { answer, desk, register } = await equipped();
    const made = await register();
    good(made.answer);
    const again = { challenge: made.challenge, credential: made.credential, name: "again" };
    expect(codeOf(await desk.identity.account.addPasskey(await desk.principal("ada"), again))).toBe("bad_request");
    const first = await answer();
    const signIn = (p: typeof first) => desk.identity.passkeySignIn({ ...p, kind: "console", caller });
    expect((await Promise.all([signIn(first), signIn(first)])).map((each) => codeOf(each)).toSorted()).toEqual([
      "bad_request",
      "ok",
    ]);
    const late = await answer();
    desk.clock.advance(identityLimits.pendingMs);
    expect(codeOf(await signIn(late))).toBe("bad_request");
    expect(codeOf(await signIn({ ...first, challenge: made.challenge }))).toBe("bad_request");
  });

  test("does not sign in with the challenge for making one", async () => {
    const { account, ada, desk, device, register } = await equipped();
    good((await register()).answer);
    const { challenge, options } = good(await account.beginPasskey(ada, { password, caller }));
    const credential = await device.get({ rpId, origin, challenge: options.challenge });
    const answer = await desk.identity.passkeySignIn({ challenge, credential, kind: "console", caller });
    expect(codeOf(answer)).toBe("bad_request");
  });

  test("begun by one user is not kept for another", async () => {
    const { account, ada, desk, device } = await equipped();
    await desk.addUser("bob", ["viewer"]);
    const bob = await desk.principal("bob");
    const { challenge, options } = good(await account.beginPasskey(ada, { password, caller }));
    const asked = { rpId, origin, challenge: options.challenge, user: options.user.id };
    const credential = await device.create(asked);
    expect(codeOf(await account.addPasskey(bob, { challenge, credential, name: "x" }))).toBe("bad_request");
  });

  test("that was removed, or whose user is disabled, does not sign in", async () => {
    const { account, ada, desk, device, id, register, signIn } = await equipped();
    await desk.addUser("root", ["admin"]);
    good((await register()).answer);
    good(await desk.identity.users.update(desk.local, id, { disabled: true }));
    expect(codeOf(await signIn())).toBe("sign_in_failed");
    good(await desk.identity.users.update(desk.local, id, { disabled: false }));
    expect(codeOf(await signIn())).toBe("ok");
    expect(codeOf(await account.removePasskey(await desk.principal("root"), device.id))).toBe("not_found");
    expect(codeOf(await account.removePasskey(ada, device.id))).toBe("ok");
    expect(codeOf(await signIn())).toBe("sign_in_failed");
    expect(codeOf(await account.removePasskey(ada, device.id))).toBe("not_found");
  });
});

test.each([
  [undefined],
  [null],
  [1],
  ["x"],
  [[]],
  [{}],
  [{ id: "x" }],
  [{ id: 1, response: {} }],
  [{ id: "x", response: { clientDataJSON: 7 } }],
])("%p is no credential, and does no harm", async (credential) => {
  const { account, ada, desk, device, register } = await equipped();
  good((await register()).answer);
  const making = good(await account.beginPasskey(ada, { password, caller }));
  expect(codeOf(await account.addPasskey(ada, { challenge: making.challenge, credential, name: "x" }))).toBe(
    "bad_request",
  );
  const { challenge } = good(await desk.identity.beginPasskeySignIn());
  const of = Object.assign({}, credential, { id: device.id });
  for (const each of [credential, of]) {
    const answer = await desk.identity.passkeySignIn({ challenge, credential: each, kind: "console", caller });
    expect(codeOf(answer)).toBe("sign_in_failed");
  }
});

test("a user has so many passkeys at most, and each once", async () => {
  const limited = { ...settings, limits: { ...identityLimits, passkeysPerUserMax: 1 } };
  const desk = await open({ settings: limited });
  await desk.addUser("ada", ["viewer"]);
  const ada = await desk.principal("ada");
  const device = await SoftAuthenticator.make();
  const begun = await Promise.all([1, 2].map(() => desk.identity.account.beginPasskey(ada, { password, caller })));
  const codes: string[] = [];
  for (const each of begun) {
    const { challenge, options } = good(each);
    const credential = await device.create({ rpId, origin, challenge: options.challenge, user: options.user.id });
    codes.push(codeOf(await desk.identity.account.addPasskey(ada, { challenge, credential, name: "phone" })));
  }
  expect(codes).toEqual(["ok", "conflict"]);
  expect(codeOf(await desk.identity.account.beginPasskey(ada, { password, caller }))).toBe("conflict");
});

test("where passkeys are not set up there are none", async () => {
  const desk = await open();
  await desk.addUser("ada", ["viewer"]);
  const ada = await desk.principal("ada");
  const { account } = desk.identity;
  const answers = [
    await desk.identity.beginPasskeySignIn(),
    await desk.identity.passkeySignIn({ challenge: "x", credential: {}, kind: "console", caller }),
    await account.beginPasskey(ada, { password, caller }),
    await account.addPasskey(ada, { challenge: "x", credential: {}, name: "x" }),
  ];
  expect(answers.map((answer) => codeOf(answer))).toEqual(["bad_request", "bad_request", "bad_request", "bad_request"]);
  expect(desk.identity.methods().passkey).toBe(false);
});
