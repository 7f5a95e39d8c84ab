// The list of screens that is looked at in every look has all of the console's sections: nobody has to think of it.
import { expect, test } from "bun:test";
import { consoleSections } from "@sluice/protocol/http";
import { consoleScreens } from "./console-screens.ts";

test("every section of the console is among the screens that are looked at", () => {
  const data = {
    setUpUrl: "http://127.0.0.1/setup#token",
    completedRun: "run_1",
    failedRun: "run_2",
    payoutRun: "run_3",
    terminal: "term_1",
    waitingRun: "run_4",
    newPlan: "plan_1",
    driftPlan: "plan_2",
  };
  const seen = new Set(consoleScreens.map(({ path }) => path(data).split(/[/?#]/)[1]));
  expect(consoleSections.filter((section) => !seen.has(section))).toEqual([]);
});
