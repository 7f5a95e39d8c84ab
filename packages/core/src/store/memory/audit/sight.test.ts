import { expect, test } from "bun:test";
import { newUser } from "../../identity-store.fixture.suite.ts";
import { by, newRun } from "../fixture.suite.ts";
import { Tables } from "../tables.ts";
import { sightOf } from "./sight.ts";

test("what is seen of a run stays as it was when it was seen", () => {
  const tables = new Tables("n");
  const row = tables.runs.add(newRun("r1"), by);
  const sight = sightOf(tables);
  const before = sight.run("r1");
  row.record.status = "running";
  expect(before).toEqual({ workflow: "w", version: "v1", status: "queued", attempt: 1 });
  expect(sight.run("none")).toBeUndefined();
});

test("state past its time and tokens nobody knows are not seen, people are", () => {
  const tables = new Tables("n");
  tables.state.set({ scope: "global", key: "k", value: new Uint8Array(1), expiresAt: 5 });
  tables.accounts.users.set("u1", newUser("u1"));
  const sight = sightOf(tables);
  expect(sight.state({ scope: "global", key: "k", now: 4 })).toMatchObject({ version: 1 });
  expect(sight.state({ scope: "global", key: "k", now: 5 })).toBeUndefined();
  expect(sight.waitToken("t")).toBeUndefined();
  expect(sight.user("u1")).toEqual(newUser("u1"));
});
