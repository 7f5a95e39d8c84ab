// Builds: the list, and one build with its graph, its times and what its tasks wrote.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { Hammer } from "lucide-react";
import { shellRoute } from "../shell/routes.tsx";
import type { NavItem } from "../shell/screen.ts";
import { param, searchParams } from "../shell/search-params.ts";

export const buildsNav: NavItem = {
  to: "/builds",
  label: "Builds",
  icon: Hammer,
  section: "Operations",
  keys: "g b",
  needs: "build:read",
};

const buildsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "builds",
  staticData: { crumb: "Builds" },
});

const listPage = createRoute({
  getParentRoute: () => buildsRoute,
  path: "/",
  validateSearch: searchParams({
    status: param.oneOf(["queued", "running", "completed", "failed", "cancelled"]),
    kind: param.oneOf(["command", "workspace"]),
  }),
  component: lazyRouteComponent(() => import("./builds-page.tsx"), "BuildsPage"),
});

const buildPage = createRoute({
  getParentRoute: () => buildsRoute,
  path: "$build",
  staticData: { crumb: ({ build }) => build ?? "" },
  validateSearch: searchParams({ tab: param.oneOf(["graph", "times"]), task: param.text() }),
  component: lazyRouteComponent(() => import("./build-page.tsx"), "BuildPage"),
});

export const buildsRoutes = [buildsRoute.addChildren([listPage, buildPage])] as const;
