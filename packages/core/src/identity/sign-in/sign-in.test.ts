import { describe, expect, test } from "bun:test";
import { URI } from "otpauth";
import { identityLimits } from "../limits.ts";
import { caller, codeOf, desks, expectRefused, good, password } from "../identity.fixture.suite.ts";
import type { Desk } from "../identity.fixture.suite.ts";

const open = desks();
const from = (address: string) => ({ address, agent: "test" });

function signing(desk: Desk) {
  return (name: string, more: object = {}) =>
    desk.identity.signIn({ name, password, kind: "console", caller, ...more });
}

/** Refused sign-ins as the audit trail has them. */
async function refusals(desk: Desk) {
  const rows = (await desk.audited()).filter(({ outcome }) => outcome === "refused");
  return rows.map(({ reason, target }) => `${target} ${reason}`);
}

describe("signing in", () => {
  test("is with name and password, whatever the case of the name", async () => {
    const desk = await open();
    const ada = await desk.addUser("Ada", ["viewer"]);
    const signed = good(await signing(desk)("aDA"));
    expect(signed).toMatchObject({ user: { id: ada, signedInAt: desk.clock.now() }, session: { kind: "console" } });
    expect([typeof signed.cookie, signed.accessToken, signed.refreshToken]).toEqual(["string", undefined, undefined]);
    const program = good(await signing(desk)("ada", { kind: "program" }));
    expect([program.cookie, typeof program.accessToken, typeof program.refreshToken]).toEqual([
      undefined,
      "string",
      "string",
    ]);
    expect(await desk.audited()).toContainEqual(
      expect.objectContaining({ action: "session:start", target: `session:${signed.session.id}`, outcome: "done" }),
    );
  });

  test("fails in the same words whatever was wrong, and the trail says for whom", async () => {
    const desk = await open();
    await desk.addUser("root", ["admin"]);
    const ada = await desk.addUser("ada", ["viewer"]);
    const bob = await desk.addUser("bob", ["viewer"]);
    good(await desk.identity.users.update(desk.local, bob, { disabled: true }));
    const passkeyOnly = good(await desk.identity.users.create(desk.local, { name: "eve", roles: ["viewer"] })).id;
    const signIn = signing(desk);
    const answers = [
      await signIn("ada", { password: "wrong horse battery" }),
      await signIn("bob"),
      await signIn("eve", { password: "" }),
      await signIn("nobody knows this name"),
      await signIn("ada", { password: "" }),
      await signIn("ada", { password: "x".repeat(2_000) }),
    ];
    for (const answer of answers) expectRefused(answer, "sign_in_failed");
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    const [known, disabled, without, unknown] = await refusals(desk);
    expect([known, disabled, without, unknown]).toEqual([
      `user:${ada} sign_in_failed`,
      `user:${bob} sign_in_failed`,
      `user:${passkeyOnly} sign_in_failed`,
      "user:unknown sign_in_failed",
    ]);
    expect(JSON.stringify(await desk.audited())).not.toContain("nobody knows");
  });

  test("takes as long for who does not exist", async () => {
    const desk = await open();
    await desk.addUser("ada", ["viewer"]);
    const signIn = signing(desk);
    const times: Record<"known" | "unknown", number[]> = { known: [], unknown: [] };
    await signIn("warm up");
    for (let n = 0; n < 8; n++) {
      for (const kind of ["known", "unknown"] as const) {
        const before = performance.now();
        await signIn(kind === "known" ? "ada" : `nobody${n}`, { password: "wrong", caller: from(`192.0.2.${n}`) });
        times[kind].push(performance.now() - before);
        desk.clock.advance(120_000);
      }
    }
    const least = (list: readonly number[]): number => Math.min(...list);
    // What costs is the hash, some tens of milliseconds: without it the time would be a hundredth.
    expect(least(times.unknown)).toBeGreaterThan(least(times.known) * 0.5);
    expect(least(times.unknown)).toBeLessThan(least(times.known) * 3);
  });

  test("upgrades a bcrypt hash, once", async () => {
    const desk = await open();
    const bcrypt = await Bun.password.hash(password, { algorithm: "bcrypt", cost: 4 });
    const ada = await desk.addUser("ada", ["viewer"], { passwordHash: bcrypt });
    const signIn = signing(desk);
    const hashNow = async () => (await desk.store.identity.getUser({ user: ada }))?.passwordHash;
    expect(codeOf(await signIn("ada", { password: "wrong horse battery" }))).toBe("sign_in_failed");
    expect(await hashNow()).toBe(bcrypt);
    const first = good(await signIn("ada"));
    const upgraded = await hashNow();
    expect(upgraded).toStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
    good(await signIn("ada"));
    expect(await hashNow()).toBe(upgraded as never);
    const cookie = { kind: "cookie", value: first.cookie ?? "" } as const;
    expect(codeOf(await desk.identity.authenticate(cookie, caller))).toBe("ok");
  });
});

describe("guessing", () => {
  test("at one account waits longer and longer, is refused also with the right password, and is noted", async () => {
    const desk = await open();
    const ada = await desk.addUser("ada", ["viewer"]);
    const signIn = signing(desk);
    for (let n = 0; n < 6; n++) expectRefused(await signIn("ada", { password: "wrong" }), "sign_in_failed");
    expectRefused(await signIn("ADA"), "too_many_requests", { retryAfterMs: 1_000 });
    expectRefused(await signIn("ada", { caller: from("198.51.100.1") }), "too_many_requests", { retryAfterMs: 1_000 });
    expect((await refusals(desk)).slice(-2)).toEqual([`user:${ada} sign_in_failed`, `user:${ada} too_many_requests`]);
    desk.clock.advance(1_000);
    expectRefused(await signIn("ada", { password: "wrong" }), "sign_in_failed");
    expectRefused(await signIn("ada"), "too_many_requests", { retryAfterMs: 2_000 });
    desk.clock.advance(2_000);
    expect(codeOf(await signIn("ada"))).toBe("ok");
    expectRefused(await signIn("ada", { password: "wrong" }), "sign_in_failed");
  });

  test("is slowed down the same way for who does not exist", async () => {
    const desk = await open();
    await desk.addUser("ada", ["viewer"]);
    const signIn = signing(desk);
    const codes = async (name: string, address: string) => {
      const answers: string[] = [];
      for (let n = 0; n < 8; n++)
        answers.push(codeOf(await signIn(name, { password: "wrong", caller: from(address) })));
      return answers;
    };
    expect(await codes("nobody", "192.0.2.1")).toEqual(await codes("ada", "192.0.2.2"));
  });

  test("at many accounts from one address waits too", async () => {
    const desk = await open();
    await desk.addUser("ada", ["viewer"]);
    const signIn = signing(desk);
    const free = identityLimits.addressFailuresFree;
    for (let n = 0; n <= free; n++) expectRefused(await signIn(`user${n}`, { password: "wrong" }), "sign_in_failed");
    expectRefused(await signIn("ada"), "too_many_requests");
    expect(codeOf(await signIn("ada", { caller: from("198.51.100.1") }))).toBe("ok");
  });

  test("by a flood is refused beyond the queue, and lets the rest of the process go on", async () => {
    const desk = await open({ settings: { limits: { ...identityLimits, hashQueueMax: 4 } } });
    await desk.addUser("ada", ["viewer"]);
    const { cookie = "" } = await desk.signIn("ada");
    const flood = Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        desk.identity.signIn({ name: `user${n}`, password: "x", kind: "console", caller: from(`10.0.${n}.1`) }),
      ),
    );
    let answered = 0;
    const state = { flooding: true };
    const rest = (async () => {
      while (state.flooding) {
        good(await desk.identity.authenticate({ kind: "cookie", value: cookie }, caller));
        answered++;
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const codes = (await flood).map((answer) => codeOf(answer));
    state.flooding = false;
    await rest;
    expect(codes.filter((code) => code === "sign_in_failed").length).toBe(5);
    expect(codes.filter((code) => code === "too_many_requests").length).toBe(55);
    expect(answered).toBeGreaterThan(50);
    // Nobody was looked at whom the queue refused: their failures do not count.
    expect(codeOf(await signing(desk)("ada"))).toBe("ok");
  });
});

test("who was not looked at, as too many waited, has not failed", async () => {
  const desk = await open({ settings: { limits: { ...identityLimits, hashQueueMax: 1 } } });
  await desk.addUser("ada", ["viewer"]);
  const signIn = signing(desk);
  await signIn("warm up");
  const others = ["one", "two"].map((name) => signIn(name, { caller: from("198.51.100.1") }));
  for (let n = 0; n < 10; n++) {
    const refused = await signIn("ada");
    expectRefused(refused, "too_many_requests");
    expect(refused).toMatchObject({ error: { message: expect.stringContaining("at this moment") } });
  }
  await Promise.all(others);
  expect(codeOf(await signIn("ada"))).toBe("ok");
});

describe("a second factor", () => {
  async function withTotp() {
    const desk = await open({ settings: { totp: true } });
    const id = await desk.addUser("ada", ["viewer"]);
    const ada = await desk.principal("ada");
    const { uri } = good(await desk.identity.account.beginTotp(ada, { password, caller }));
    const codeNow = () => URI.parse(uri).generate({ timestamp: desk.clock.now() });
    const { recoveryCodes } = good(await desk.identity.account.confirmTotp(ada, { code: codeNow() }));
    desk.clock.advance(30_000);
    return { codeNow, desk, id, recoveryCodes, signIn: signing(desk) };
  }

  test("is asked for after the right password only, and that is no failure", async () => {
    const { codeNow, desk, signIn } = await withTotp();
    for (let n = 0; n < 20; n++) expectRefused(await signIn("ada"), "second_factor_required");
    expectRefused(await signIn("ada", { password: "wrong" }), "sign_in_failed");
    expectRefused(await signIn("ada", { password: "wrong", code: codeNow() }), "sign_in_failed");
    expectRefused(await signIn("ada", { code: "000000" }), "sign_in_failed");
    expect((await refusals(desk)).at(-1)).toEndWith("wrong_code");
    expect(codeOf(await signIn("ada", { code: codeNow() }))).toBe("ok");
  });

  test("takes no code twice, also not of two who come at once", async () => {
    const { codeNow, desk, signIn } = await withTotp();
    const code = codeNow();
    const codes = (await Promise.all([1, 2, 3].map(() => signIn("ada", { code })))).map((answer) => codeOf(answer));
    expect(codes.toSorted()).toEqual(["ok", "sign_in_failed", "sign_in_failed"]);
    expectRefused(await signIn("ada", { code }), "sign_in_failed");
    desk.clock.advance(30_000);
    expect(codeOf(await signIn("ada", { code: codeNow() }))).toBe("ok");
  });

  test("can be a recovery code, once, also of two who come at once", async () => {
    const { recoveryCodes, signIn } = await withTotp();
    const [code] = recoveryCodes;
    const codes = (await Promise.all([1, 2].map(() => signIn("ada", { code })))).map((answer) => codeOf(answer));
    expect(codes.toSorted()).toEqual(["ok", "sign_in_failed"]);
    expect(codeOf(await signIn("ada", { code: recoveryCodes[1] }))).toBe("ok");
  });

  test("is slowed down like passwords", async () => {
    const { codeNow, signIn } = await withTotp();
    for (let n = 0; n < 6; n++) expectRefused(await signIn("ada", { code: "000000" }), "sign_in_failed");
    expectRefused(await signIn("ada", { code: codeNow() }), "too_many_requests");
  });

  test("is taken away from who has lost it by who looks after users", async () => {
    const { desk, id, signIn } = await withTotp();
    good(await desk.identity.users.update(desk.local, id, { secondFactor: false }));
    expect(codeOf(await signIn("ada"))).toBe("ok");
  });
});
