// Workflows: the list, one workflow, and the form that starts it.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { Workflow } from "lucide-react";
import { shellRoute } from "../shell/routes.tsx";
import type { NavItem } from "../shell/screen.ts";
import { param, searchParams } from "../shell/search-params.ts";
import { healths, triggerKinds, workflowOrders, workflowTabs } from "./words.ts";

export const workflowsNav: NavItem = {
  to: "/workflows",
  label: "Workflows",
  icon: Workflow,
  section: "Workflows",
  keys: "g w",
  needs: "workflow:read",
  onPhones: true,
  noun: "workflows",
};

const workflowsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "workflows",
  staticData: { crumb: "Workflows" },
});

const listPage = createRoute({
  getParentRoute: () => workflowsRoute,
  path: "/",
  validateSearch: searchParams({
    q: param.text(),
    health: param.someOf(healths),
    trigger: param.someOf(triggerKinds),
    sort: param.oneOf(workflowOrders),
  }),
  component: lazyRouteComponent(() => import("./workflows-page.tsx"), "WorkflowsPage"),
});

const workflowRoute = createRoute({
  getParentRoute: () => workflowsRoute,
  path: "$name",
  staticData: { crumb: ({ name }) => name ?? "" },
});

const workflowPage = createRoute({
  getParentRoute: () => workflowRoute,
  path: "/",
  validateSearch: searchParams({ tab: param.oneOf(workflowTabs), node: param.text() }),
  component: lazyRouteComponent(() => import("./workflow-page.tsx"), "WorkflowPage"),
});

const startPage = createRoute({
  getParentRoute: () => workflowRoute,
  path: "start",
  staticData: { crumb: "Start" },
  validateSearch: searchParams({ run: param.text() }),
  component: lazyRouteComponent(() => import("./start-page.tsx"), "StartPage"),
});

export const workflowsRoutes = [
  workflowsRoute.addChildren([listPage, workflowRoute.addChildren([workflowPage, startPage])]),
] as const;
