import { expect, test } from "bun:test";
import { newSession, newToken } from "../../identity-store.fixture.suite.ts";
import { start } from "../../run-store.fixture.suite.ts";
import { withBench } from "../sqlite-store.fixture.suite.ts";

const bench = withBench();

test("what expired first is swept first", () => {
  const { accessTokens, sessions } = bench.on.t;
  for (const [id, expiresAt] of Object.entries({ s1: start + 3, s2: start + 1, s3: start + 2, s4: start + 9 })) {
    sessions.insert(newSession(id, { expiresAt }));
    accessTokens.insert(newToken(id, { expiresAt }));
  }
  expect([sessions.sweep(start + 9, 2), accessTokens.sweep(start + 9, 2)]).toEqual([2, 2]);
  for (const table of ["sessions", "access_tokens"]) {
    expect(bench.on.column(`SELECT id FROM ${table} ORDER BY id`)).toEqual(["s1", "s4"]);
  }
  expect([sessions.sweep(start + 9, 0), sessions.sweep(start + 9, 5)]).toEqual([0, 1]);
});

test("two sessions never have one secret", () => {
  const { sessions } = bench.on.t;
  sessions.insert(newSession("s1", { secretHash: "h" }));
  expect(() => sessions.insert(newSession("s2", { secretHash: "h" }))).toThrow("UNIQUE");
});
