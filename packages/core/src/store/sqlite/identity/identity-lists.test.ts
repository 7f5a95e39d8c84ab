import { expect, test } from "bun:test";
import { newToken, newUser } from "../../identity-store.fixture.suite.ts";
import { plansOf, withBench } from "../sqlite-store.fixture.suite.ts";
import { listAccessTokens, listUsers } from "./identity-lists.ts";

const bench = withBench();

test("a page is read from an index in its order", () => {
  const { db, t } = bench.on;
  for (const id of ["u1", "u2", "u3"]) t.users.put(newUser(id));
  for (const id of ["t1", "t2", "t3"]) t.accessTokens.insert(newToken(id, { owner: "u1" }));
  const cursor = listAccessTokens(db, { limit: 1 }).next;
  const plans = plansOf(db, () => {
    listUsers(db, { limit: 2, text: "u" });
    listAccessTokens(db, { limit: 1, cursor });
    listAccessTokens(db, { limit: 1, owner: "u1", cursor });
  });
  expect(plans).toEqual([
    "SEARCH users USING INDEX users_by_name (name_key>?)",
    "SEARCH access_tokens USING INDEX access_tokens_by_time ((created_at,id)<(?,?))",
    "SEARCH access_tokens USING INDEX access_tokens_by_owner (owner=? AND (created_at,id)<(?,?))",
  ]);
});

test("columns that only the order needs are in no record", () => {
  bench.on.t.users.put(newUser("u1"));
  expect(listUsers(bench.on.db, { limit: 1 }).users).toStrictEqual([newUser("u1")]);
});
