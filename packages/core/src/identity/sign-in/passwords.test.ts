import { describe, expect, test } from "bun:test";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { SimulatedRandom } from "../../testing/simulated-random.ts";
import { codeOf, expectRefused, good } from "../identity.fixture.suite.ts";
import { HashQueue } from "./hash-queue.ts";
import { systemHasher } from "./password-hasher.ts";
import type { PasswordHasher } from "./password-hasher.ts";
import { Passwords } from "./passwords.ts";

const limits = { passwordCharsMin: 10, passwordCharsMax: 1_024, hashingMax: 1, hashQueueMax: 2 };

function passwords(hasher: PasswordHasher = systemHasher, more: Partial<typeof limits> = {}) {
  const all = { ...limits, ...more };
  return new Passwords({
    hasher,
    limits: all,
    queue: new HashQueue(new SimulatedClock(), all),
    random: new SimulatedRandom(1),
  });
}

describe("a password", () => {
  test.each([
    ["short one", "short"],
    ["🔑🔑🔑🔑🔑🔑🔑🔑🔑", "short"],
    ["x".repeat(1_025), "long"],
    ["abababababababab", "repeated"],
    ["qwertyuiop", "breached"],
    ["QwertyUiop", "breached"],
    ["1q2w3e4r5t", "breached"],
    ["ada.lovelace", "name"],
    ["Ada@Example.org", "name"],
  ])("like %p is refused as %s", async (password, reason) => {
    const checked = await passwords().check(password, ["ada.lovelace", "ada@example.org", undefined, null]);
    expectRefused(checked, "weak_password", { reason });
  });

  test.each(["correct horse battery", "🔑🗝️🔐🔏🔓🔒🗄️🧰", "x".repeat(1_020) + "yzyz"])(
    "like %p is taken",
    async (password) => {
      expect(codeOf(await passwords().check(password, ["ada"]))).toBe("ok");
    },
  );

  test("of the list that is shorter than asked for by default is refused where a setting allows its length", async () => {
    const shorter = passwords(systemHasher, { passwordCharsMin: 8 });
    expectRefused(await shorter.check("football1", []), "weak_password", { reason: "breached" });
    expect(codeOf(await shorter.check("zq4!tw9p", []))).toBe("ok");
  });
});

test("the list holds ten thousand, all of them long enough to matter", async () => {
  const text = await Bun.file(new URL("breached-passwords.txt", import.meta.url)).text();
  const lines = text.trimEnd().split("\n");
  expect(lines).toHaveLength(10_000);
  expect(new Set(lines).size).toBe(10_000);
  expect(lines.every((line) => line.length >= 8 && line === line.toLowerCase())).toBe(true);
});

describe("comparing", () => {
  test("is right about who has a password", async () => {
    const made = passwords();
    const hash = good(await made.hash("correct horse battery"));
    expect(good(await made.verify("correct horse battery", hash))).toBe(true);
    expect(good(await made.verify("wrong horse battery", hash))).toBe(false);
    expect(good(await made.verify("correct horse battery", undefined))).toBe(false);
  });

  test("does the same work for who has none, with a hash of the same kind that no password fits", async () => {
    const verified: string[] = [];
    const made = passwords({
      hash: systemHasher.hash,
      verify(password, hash) {
        verified.push(hash);
        return systemHasher.verify(password, hash);
      },
    });
    const hash = good(await made.hash("correct horse battery"));
    await made.verify("correct horse battery", hash);
    await made.verify("correct horse battery", undefined);
    await made.verify("", undefined);
    const [known, unknown, again] = verified;
    const kind = (text = ""): string[] => text.split("$").slice(0, 4);
    expect(kind(unknown)).toEqual(kind(known));
    expect(unknown).not.toBe(known);
    expect(again).toBe(unknown as never);
  });

  test("never finds a password that fits for who has none", async () => {
    const anything = { hash: (password: string) => systemHasher.hash(password), verify: () => Promise.resolve(true) };
    const made = passwords(anything);
    expect(good(await made.verify("any", "$2a$05$x"))).toBe(true);
    expect(good(await made.verify("any", undefined))).toBe(false);
  });

  test("does not hash what is longer than any password", async () => {
    const given: number[] = [];
    const made = passwords({
      hash: systemHasher.hash,
      verify(password) {
        given.push(password.length);
        return Promise.resolve(false);
      },
    });
    await made.verify("x".repeat(100_000), "$2a$05$x");
    expect(given).toEqual([0]);
  });

  test("is refused when too many wait", async () => {
    const made = passwords();
    const hash = good(await made.hash("correct horse battery"));
    await made.verify("", hash);
    const codes = (await Promise.all(Array.from({ length: 5 }, () => made.verify("x", hash)))).map((each) =>
      codeOf(each),
    );
    expect(codes).toEqual(["ok", "ok", "ok", "too_many_requests", "too_many_requests"]);
  });
});
