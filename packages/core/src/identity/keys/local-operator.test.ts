import { expect, test } from "bun:test";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { SimulatedRandom } from "../../testing/simulated-random.ts";
import { keyFolders, start } from "../identity.fixture.suite.ts";
import { AccessTokens } from "./access-tokens.ts";
import { openKeyFolder } from "./key-folder.ts";
import { signLocalOperator, verifyLocalOperator } from "./local-operator.ts";

const nextFolder = keyFolders();
const random = new SimulatedRandom(5);
const at = (folder: string, clock = new SimulatedClock(start), instance = "here") => ({
  clock,
  instance,
  keys: openKeyFolder(folder),
  random,
});

test("who can read the folder is believed for a minute", async () => {
  const here = at(nextFolder());
  const token = await signLocalOperator(here);
  expect(await verifyLocalOperator(token, here)).toEqual({ expiresAt: start + 60_000 });
  here.clock.advance(60_000);
  expect(await verifyLocalOperator(token, here)).toBeUndefined();
});

test("who can read another folder is not", async () => {
  const here = at(nextFolder());
  const token = await signLocalOperator(here);
  expect(await verifyLocalOperator(token, at(nextFolder()))).toBeUndefined();
  const other = at(nextFolder());
  await signLocalOperator(other);
  expect(await verifyLocalOperator(token, other)).toBeUndefined();
  expect(await verifyLocalOperator(token, { ...here, instance: "copy" })).toBeUndefined();
});

test("an access token is not taken for it, nor the other way round", async () => {
  const here = at(nextFolder());
  const limits = { accessTokenMs: 60_000, signingKeyMs: 86_400_000 };
  const tokens = new AccessTokens({ ...here, limits });
  const access = await tokens.issue({ user: "local", session: "ses_1" });
  const local = await signLocalOperator(here);
  expect(await verifyLocalOperator(access.token, here)).toBeUndefined();
  expect(await tokens.verify(local)).toBeUndefined();
});
