import { expect, test } from "bun:test";
import { start } from "../../run-store.fixture.suite.ts";
import { plansOf, withBench } from "../sqlite-store.fixture.suite.ts";
import { IdentityLookups } from "./identity-lookups.ts";

const bench = withBench();

test("what every request asks for is found by an index", () => {
  const lookups = new IdentityLookups(bench.on.db);
  const plans = plansOf(bench.on.db, () => {
    lookups.getUser({ user: "u" });
    lookups.findUser({ name: "u" });
    lookups.getSession({ session: "s" });
    lookups.findSession({ hash: "h" });
    lookups.listSessions({ user: "u", now: start });
    lookups.getToken({ token: "t" });
    lookups.findToken({ hash: "h" });
    lookups.getPasskey({ passkey: "p" });
    lookups.listPasskeys({ user: "u" });
    lookups.findLink({ issuer: "i", subject: "s" });
  });
  expect(plans.filter((plan) => plan.startsWith("SEARCH"))).toHaveLength(11);
  expect(plans.filter((plan) => /^SCAN|TEMP B-TREE/.test(plan))).toEqual([]);
});
