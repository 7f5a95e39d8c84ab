import { expect, test } from "bun:test";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { SimulatedRandom } from "../../testing/simulated-random.ts";
import { keyFolders, start } from "../identity.fixture.suite.ts";
import { openKeyFolder } from "./key-folder.ts";
import { Seal } from "./seal.ts";
import { SealedNotes } from "./sealed-note.ts";

const nextFolder = keyFolders();

function notes(pendingMax = 100) {
  const clock = new SimulatedClock(start);
  const seal = new Seal(openKeyFolder(nextFolder()), new SimulatedRandom(1));
  const limits = { pendingMs: 1_000, pendingMax };
  const of = (purpose: string) => new SealedNotes<{ readonly user: string }>({ clock, limits, purpose, seal });
  return { clock, of };
}

test("a note comes back as it was, for its purpose, until it expires", async () => {
  const { clock, of } = notes();
  const passkeys = of("passkey");
  const { expiresAt, text } = await passkeys.write({ user: "ada" });
  expect(expiresAt).toBe(start + 1_000);
  expect(await passkeys.read(text)).toEqual({ user: "ada" });
  expect(await of("openid").read(text)).toBeUndefined();
  for (const other of ["", "!", "abc", text.slice(1), `${text}xx`]) expect(await passkeys.read(other)).toBeUndefined();
  clock.advance(1_000);
  expect(await passkeys.read(text)).toBeUndefined();
});

test("a note is taken once, in whatever spelling", async () => {
  const { of } = notes();
  const kept = of("a");
  const { text } = await kept.write({ user: "ada" });
  const bytes = Buffer.from(text, "base64url");
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const spellings = alphabet
    .split("")
    .map((last) => text.slice(0, -1) + last)
    .filter((other) => Buffer.from(other, "base64url").equals(bytes));
  expect(kept.take(text)).toBe(true);
  expect(kept.take(text)).toBe(false);
  for (const other of spellings) {
    expect(await kept.read(other)).toBeUndefined();
    expect(kept.take(other)).toBe(false);
  }
});

test("notes that were used are forgotten when they would have expired, or there are too many", async () => {
  const { clock, of } = notes(2);
  const kept = of("a");
  const texts: string[] = [];
  for (let n = 0; n < 3; n++) texts.push((await kept.write({ user: `${n}` })).text);
  expect(texts.map((text) => kept.take(text))).toEqual([true, true, true]);
  expect(await Promise.all(texts.map((text) => kept.read(text)))).toEqual([{ user: "0" }, undefined, undefined]);
  clock.advance(1_000);
  expect(await kept.read(texts[2] ?? "")).toBeUndefined();
});
