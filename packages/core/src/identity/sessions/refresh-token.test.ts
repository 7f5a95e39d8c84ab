import { expect, test } from "bun:test";
import { SimulatedRandom } from "../../testing/simulated-random.ts";
import { keyFolders } from "../identity.fixture.suite.ts";
import { openKeyFolder } from "../keys/key-folder.ts";
import { RefreshTokens } from "./refresh-token.ts";

const nextFolder = keyFolders();
const inFolder = (folder: string, seed = 1) => new RefreshTokens(openKeyFolder(folder), new SimulatedRandom(seed));

test("a token is always the same for its session and place, also after a restart", async () => {
  const folder = nextFolder();
  const token = await inFolder(folder).write({ session: "ses_abc", place: 3 });
  expect(token).toMatch(/^slr_ses_abc\.3\.[\w-]{43}$/);
  const other = inFolder(folder, 2);
  expect(await other.write({ session: "ses_abc", place: 3 })).toBe(token);
  expect(await other.read(token)).toEqual({ session: "ses_abc", place: 3 });
  expect(await other.write({ session: "ses_abc", place: 4 })).not.toBe(token);
});

test("a token that was not made here is none", async () => {
  const tokens = inFolder(nextFolder());
  const token = await tokens.write({ session: "ses_abc", place: 3 });
  expect(await inFolder(nextFolder(), 2).read(token)).toBeUndefined();
  const changed = [
    token.replace(".3.", ".4."),
    token.replace("abc", "abd"),
    token.slice(0, -1),
    `${token}A`,
    "",
    "slr_",
  ];
  for (const other of changed) expect(await tokens.read(other)).toBeUndefined();
});
