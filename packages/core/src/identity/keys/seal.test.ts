import { expect, test } from "bun:test";
import { SimulatedRandom } from "../../testing/simulated-random.ts";
import { keyFolders } from "../identity.fixture.suite.ts";
import { openKeyFolder } from "./key-folder.ts";
import { Seal } from "./seal.ts";

const nextFolder = keyFolders();
const secret = new TextEncoder().encode("a secret that is not to be read");
const sealIn = (folder: string, seed = 1): Seal => new Seal(openKeyFolder(folder), new SimulatedRandom(seed));

test("what was sealed opens for its owner, also after a restart", async () => {
  const folder = nextFolder();
  const sealed = await sealIn(folder).seal("ada", secret);
  expect(Buffer.from(sealed).includes(Buffer.from(secret))).toBe(false);
  expect(await sealIn(folder, 2).open("ada", sealed)).toEqual(secret);
});

test("it does not open for another owner, with another key, or changed anywhere", async () => {
  const folder = nextFolder();
  const seal = sealIn(folder);
  const sealed = await seal.seal("ada", secret);
  expect(await seal.open("bob", sealed)).toBeUndefined();
  expect(await sealIn(nextFolder(), 2).open("ada", sealed)).toBeUndefined();
  for (let at = 0; at < sealed.length; at++) {
    const changed = sealed.map((byte, index) => (index === at ? byte ^ 1 : byte));
    expect(await seal.open("ada", changed)).toBeUndefined();
  }
  for (const length of [0, 1, 20, sealed.length - 1]) {
    expect(await seal.open("ada", sealed.subarray(0, length))).toBeUndefined();
  }
});

test("the same sealed twice is not the same, and nothing can be sealed", async () => {
  const seal = sealIn(nextFolder());
  expect(await seal.seal("ada", secret)).not.toEqual(await seal.seal("ada", secret));
  expect(await seal.open("ada", await seal.seal("ada", new Uint8Array(0)))).toEqual(new Uint8Array(0));
});
