import { describe, expect, test } from "bun:test";
import { isBcrypt, isOutdated, systemHasher } from "./password-hasher.ts";

describe("a hash", () => {
  test("is argon2id with 19 MiB and two passes", async () => {
    const hash = await systemHasher.hash("correct horse battery");
    expect(hash).toStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
    expect(await systemHasher.verify("correct horse battery", hash)).toBe(true);
    expect(await systemHasher.verify("correct horse batterz", hash)).toBe(false);
    expect([isOutdated(hash), isBcrypt(hash)]).toEqual([false, false]);
  });

  test("is the same for a text however its letters are composed", async () => {
    const hash = await systemHasher.hash("pa\u0301ssword gro\u00df");
    expect(await systemHasher.verify("p\u00e1ssword gro\u00df", hash)).toBe(true);
  });

  // The first two are vectors of crypt_blowfish; the third was made by the C library's crypt().
  test.each([
    ["U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"],
    ["U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"],
    ["p\u00e4ssword", "$2y$05$abcdefghijklmnopqrstuucZGbUxuMlEqps0qcu2pjhO7vaatQZIC"],
  ])("of bcrypt for %p is taken", async (password, hash) => {
    expect(await systemHasher.verify(password, hash)).toBe(true);
    expect(await systemHasher.verify(`${password}x`, hash)).toBe(false);
    expect([isOutdated(hash), isBcrypt(hash)]).toEqual([true, true]);
  });

  test("of bcrypt looks at 72 bytes, as everywhere", async () => {
    const long = "x".repeat(72);
    const hash = await Bun.password.hash(long, { algorithm: "bcrypt", cost: 4 });
    expect(await systemHasher.verify(`${long}and more`, hash)).toBe(true);
    expect(await systemHasher.verify(long.slice(1), hash)).toBe(false);
  });

  test("with other parameters is outdated", async () => {
    const hash = await Bun.password.hash("x", { algorithm: "argon2id", memoryCost: 64, timeCost: 1 });
    expect(await systemHasher.verify("x", hash)).toBe(true);
    expect(isOutdated(hash)).toBe(true);
  });
});

test("hashing does not hold up the thread that asks for it", async () => {
  let turns = 0;
  let hashing = true;
  const turn = (): void => {
    turns++;
    if (hashing) setImmediate(turn);
  };
  setImmediate(turn);
  await systemHasher.hash("correct horse battery");
  hashing = false;
  expect(turns).toBeGreaterThan(10);
});
