import { describe, expect, test } from "bun:test";
import type { UserRecord } from "../../kernel/identity-store.ts";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { SimulatedRandom } from "../../testing/simulated-random.ts";
import { codeOf, good, keyFolders, start } from "../identity.fixture.suite.ts";
import { openKeyFolder } from "../keys/key-folder.ts";
import { Seal } from "../keys/seal.ts";
import { Totp } from "./totp.ts";

const nextFolder = keyFolders();
const ada: UserRecord = {
  id: "usr_ada",
  name: "ada",
  roles: [],
  disabled: false,
  recoveryCodes: [],
  createdAt: start,
  version: 1,
};

function factor(pendingMax = 10) {
  const clock = new SimulatedClock(start);
  const random = new SimulatedRandom(1);
  const seal = new Seal(openKeyFolder(nextFolder()), random);
  return { clock, totp: new Totp({ clock, random, seal, limits: { pendingMs: 600_000, pendingMax } }) };
}

/** What an authenticator app shows, that has nothing but the URI. */
async function codeAt(uri: string, timestamp: number): Promise<string> {
  const { URI } = await import("otpauth");
  return URI.parse(uri).generate({ timestamp });
}

async function confirmed() {
  const { clock, totp } = factor();
  const { uri } = await totp.begin(ada);
  const { change, recoveryCodes } = good(await totp.confirm(ada, await codeAt(uri, clock.now())));
  const user = { ...ada, ...change } as UserRecord;
  return { clock, recoveryCodes, totp, uri, user };
}

describe("a code", () => {
  test("is the one of RFC 6238", async () => {
    const { TOTP, Secret } = await import("otpauth");
    const secret = Secret.fromUTF8("12345678901234567890");
    expect(new TOTP({ secret, digits: 6, period: 30, algorithm: "SHA1" }).generate({ timestamp: 59_000 })).toBe(
      "287082",
    );
    const { totp } = factor();
    const begun = await totp.begin(ada);
    expect(begun.uri).toStartWith(`otpauth://totp/Sluice:ada?issuer=Sluice&secret=${begun.secret}`);
    expect(begun.secret).toMatch(/^[A-Z2-7]{32}$/);
  });

  test("has to be shown before it is asked for, of the secret begun last, in time", async () => {
    const { clock, totp } = factor();
    expect(codeOf(await totp.confirm(ada, "000000"))).toBe("bad_request");
    const first = await totp.begin(ada);
    const second = await totp.begin(ada);
    expect(codeOf(await totp.confirm(ada, await codeAt(first.uri, start)))).toBe("sign_in_failed");
    const code = await codeAt(second.uri, start + 600_000);
    clock.advance(600_000);
    expect(codeOf(await totp.confirm(ada, code))).toBe("bad_request");
    const third = await totp.begin(ada);
    expect(codeOf(await totp.confirm(ada, await codeAt(third.uri, clock.now())))).toBe("ok");
    expect(codeOf(await totp.confirm(ada, await codeAt(third.uri, clock.now())))).toBe("bad_request");
  });

  test("is taken of the step before, of now and of the one after, and none twice", async () => {
    const { clock, totp, uri, user } = await confirmed();
    expect(await totp.take(user, await codeAt(uri, start))).toBeUndefined();
    clock.advance(300_000);
    const now = clock.now();
    const step = Math.floor(now / 30_000);
    expect(await totp.take(user, await codeAt(uri, now - 60_000))).toBeUndefined();
    expect(await totp.take(user, await codeAt(uri, now + 60_000))).toBeUndefined();
    expect(await totp.take(user, await codeAt(uri, now - 30_000))).toEqual({ totpStep: step - 1 });
    const code = await codeAt(uri, now);
    expect(await totp.take(user, ` ${code.slice(0, 3)} ${code.slice(3)} `)).toEqual({ totpStep: step });
    const later = { ...user, totpStep: step };
    expect(await totp.take(later, code)).toBeUndefined();
    expect(await totp.take(later, await codeAt(uri, now - 30_000))).toBeUndefined();
    expect(await totp.take(later, await codeAt(uri, now + 30_000))).toEqual({ totpStep: step + 1 });
  });

  test("of a secret that was moved to another user is not right", async () => {
    const { clock, totp, uri, user } = await confirmed();
    clock.advance(60_000);
    const code = await codeAt(uri, clock.now());
    expect(await totp.take({ ...user, id: "usr_bob" }, code)).toBeUndefined();
    expect(await totp.take({ ...user, totpSecret: undefined }, code)).toBeUndefined();
    expect(await totp.take(user, code)).toBeDefined();
  });
});

describe("recovery codes", () => {
  test("are ten, kept as hashes, and good once each, however they are typed", async () => {
    const { recoveryCodes, totp, user } = await confirmed();
    expect(new Set(recoveryCodes).size).toBe(10);
    expect(recoveryCodes.every((code) => /^[0-9a-z]{4}(-[0-9a-z]{4}){3}$/.test(code))).toBe(true);
    expect(user.recoveryCodes.some((kept) => recoveryCodes.includes(kept))).toBe(false);
    const [code = ""] = recoveryCodes;
    const change = await totp.take(user, ` ${code.toUpperCase().replaceAll("-", " ")}`);
    expect(change?.recoveryCodes).toHaveLength(9);
    expect(await totp.take({ ...user, ...change } as UserRecord, code)).toBeUndefined();
    expect(await totp.take(user, "aaaa-aaaa-aaaa-aaaa")).toBeUndefined();
    expect(await totp.take(user, "")).toBeUndefined();
  });
});

test("only so many secrets wait to be confirmed", async () => {
  const { clock, totp } = factor(2);
  const bob = { ...ada, id: "usr_bob" };
  const eve = { ...ada, id: "usr_eve" };
  const begun = await totp.begin(ada);
  await totp.begin(bob);
  await totp.begin(eve);
  expect(codeOf(await totp.confirm(ada, await codeAt(begun.uri, clock.now())))).toBe("bad_request");
  expect(codeOf(await totp.confirm(bob, "000000"))).toBe("sign_in_failed");
});
