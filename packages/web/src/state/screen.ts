// State: the durable values of everybody, of a workflow, of a run.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { Database } from "lucide-react";
import { shellRoute } from "../shell/routes.tsx";
import type { NavItem } from "../shell/screen.ts";
import { param, searchParams } from "../shell/search-params.ts";

export const stateNav: NavItem = {
  to: "/state",
  label: "State",
  icon: Database,
  section: "Workflows",
  keys: "g t",
  needs: "state:read",
  noun: "state",
};

const statePage = createRoute({
  getParentRoute: () => shellRoute,
  path: "state",
  staticData: { crumb: "State" },
  validateSearch: searchParams({
    /** `global` without; `workflow:NAME` or `run:ID`. */
    scope: param.text(),
    prefix: param.text(),
    key: param.text(),
    add: param.flag(),
  }),
  component: lazyRouteComponent(() => import("./state-page.tsx"), "StatePage"),
});

export const stateRoutes = [statePage] as const;
