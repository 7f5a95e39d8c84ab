import { expect, test } from "bun:test";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { SimulatedRandom } from "../../testing/simulated-random.ts";
import { keyFolders, start } from "../identity.fixture.suite.ts";
import { AccessTokens } from "./access-tokens.ts";
import { openKeyFolder } from "./key-folder.ts";

const nextFolder = keyFolders();
const user = "usr_1";
const session = "ses_1";

function issuing(folder = nextFolder()) {
  const clock = new SimulatedClock(start);
  const random = new SimulatedRandom(3);
  const limits = { accessTokenMs: 900_000, signingKeyMs: 86_400_000 };
  const open = (instance = "here") =>
    new AccessTokens({ clock, instance, keys: openKeyFolder(folder), limits, random });
  return { clock, folder, open, tokens: open() };
}

const kidOf = (token: string): string => JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()).kid;

test("a token says whose session it is, for 15 minutes, also after a restart", async () => {
  const { clock, open, tokens } = issuing();
  const { expiresAt, token } = await tokens.issue({ user, session });
  expect(expiresAt).toBe(start + 900_000);
  expect(await open().verify(token)).toEqual({ user, session, expiresAt });
  clock.advance(899_999);
  expect(await tokens.verify(token)).toBeDefined();
  clock.advance(1);
  expect(await tokens.verify(token)).toBeUndefined();
});

test("a token of another data folder is refused, also with the same keys", async () => {
  const { open, tokens } = issuing();
  const { token } = await issuing().tokens.issue({ user, session });
  expect(await tokens.verify((await tokens.issue({ user, session })).token)).toBeDefined();
  expect(await open("copy").verify((await tokens.issue({ user, session })).token)).toBeUndefined();
  // Drawn with the same randomness the key is the same: only the folder's name would differ.
  expect(await open("copy").verify(token)).toBeUndefined();
});

test("the key is replaced after its time, and what the old one signed stays good until it expires", async () => {
  const { clock, folder, open, tokens } = issuing();
  const first = await tokens.issue({ user, session });
  clock.advance(86_399_000);
  const last = await tokens.issue({ user, session });
  expect(kidOf(last.token)).toBe(kidOf(first.token));
  clock.advance(1_000);
  const next = await tokens.issue({ user, session });
  expect(kidOf(next.token)).not.toBe(kidOf(first.token));
  expect(await tokens.verify(last.token)).toBeDefined();
  expect(await open().verify(last.token)).toBeDefined();
  expect(await open().verify(next.token)).toBeDefined();
  clock.advance(86_400_000);
  await tokens.issue({ user, session });
  const kept = JSON.parse(new TextDecoder().decode(await openKeyFolder(folder).read("access.json")));
  expect(kept.keys).toHaveLength(2);
});

test("tokens asked for at once when there is no key yet are signed by one key", async () => {
  const { tokens } = issuing();
  const issued = await Promise.all(Array.from({ length: 10 }, () => tokens.issue({ user, session })));
  expect(new Set(issued.map(({ token }) => kidOf(token))).size).toBe(1);
  expect(await tokens.verify(issued[9]?.token ?? "")).toBeDefined();
});

test("a file of keys that cannot be read is not overwritten", async () => {
  const { folder, tokens } = issuing();
  const keys = openKeyFolder(folder);
  await keys.create("access.json", new TextEncoder().encode('{"version":2}'));
  expect(await tokens.issue({ user, session }).catch(String)).toContain("cannot be read");
  expect(new TextDecoder().decode(await keys.read("access.json"))).toBe('{"version":2}');
});
