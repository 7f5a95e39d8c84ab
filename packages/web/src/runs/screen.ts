// Runs: the list, one run, and two side by side.
import { runStatuses, runStatusReasons } from "@sluice/protocol";
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { ListTree } from "lucide-react";
import { shellRoute } from "../shell/routes.tsx";
import type { NavItem } from "../shell/screen.ts";
import { param, searchParams } from "../shell/search-params.ts";
import { runListQuery } from "./run-list-query.ts";
import { entryStates, logLevels, runTabs, timeSpans } from "./words.ts";

export const runsNav: NavItem = {
  to: "/runs",
  label: "Runs",
  icon: ListTree,
  section: "Workflows",
  keys: "g r",
  needs: "run:read",
  onPhones: true,
  noun: "runs",
};

const runsRoute = createRoute({ getParentRoute: () => shellRoute, path: "runs", staticData: { crumb: "Runs" } });

const listPage = createRoute({
  getParentRoute: () => runsRoute,
  path: "/",
  validateSearch: searchParams({
    workflow: param.text(),
    status: param.someOf(runStatuses),
    reason: param.someOf(runStatusReasons),
    tag: param.text(),
    within: param.oneOf(timeSpans),
    from: param.int(),
    to: param.int(),
    ended: param.oneOf(timeSpans),
    parent: param.text(),
    version: param.text(),
    chain: param.text(),
    attr: param.text(),
  }),
  loaderDeps: ({ search }) => search,
  loader: ({ context: { parts }, deps }): void => {
    // Beside loading the page, not before it.
    parts.query.query(runListQuery(deps)).catch(() => {
      // The page asks again, and says what went wrong.
    });
  },
  component: lazyRouteComponent(() => import("./runs-page.tsx"), "RunsPage"),
});

const comparePage = createRoute({
  getParentRoute: () => runsRoute,
  path: "compare",
  staticData: { crumb: "Compare" },
  validateSearch: searchParams({ a: param.text(), b: param.text(), all: param.flag() }),
  component: lazyRouteComponent(() => import("./compare-page.tsx"), "ComparePage"),
});

const runPage = createRoute({
  getParentRoute: () => runsRoute,
  path: "$run",
  staticData: { crumb: ({ run }) => run ?? "" },
  validateSearch: searchParams({
    tab: param.oneOf(runTabs),
    step: param.int(),
    of: param.text(),
    loops: param.oneOf(["all"]),
    level: param.someOf(logLevels),
    state: param.someOf(entryStates),
    find: param.text(),
  }),
  component: lazyRouteComponent(() => import("./run-page.tsx"), "RunPage"),
});

export const runsRoutes = [runsRoute.addChildren([listPage, comparePage, runPage])] as const;
