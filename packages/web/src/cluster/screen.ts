// Clusters: what is declared in them and how it stands, one component, and the review of a plan.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { Boxes } from "lucide-react";
import { shellRoute } from "../shell/routes.tsx";
import type { NavItem } from "../shell/screen.ts";
import { param, searchParams } from "../shell/search-params.ts";

export const clustersNav: NavItem = {
  to: "/clusters",
  label: "Clusters",
  icon: Boxes,
  section: "Operations",
  keys: "g c",
  needs: "cluster:read",
};

const clustersRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "clusters",
  staticData: { crumb: "Clusters" },
});

const listPage = createRoute({
  getParentRoute: () => clustersRoute,
  path: "/",
  validateSearch: searchParams({ tab: param.oneOf(["topology"]) }),
  component: lazyRouteComponent(() => import("./clusters-page.tsx"), "ClustersPage"),
});

const componentPage = createRoute({
  getParentRoute: () => clustersRoute,
  path: "components/$component",
  staticData: { crumb: ({ component }) => component ?? "" },
  validateSearch: searchParams({ tab: param.oneOf(["plans", "operations"]) }),
  component: lazyRouteComponent(() => import("./component-page.tsx"), "ComponentPage"),
});

const planPage = createRoute({
  getParentRoute: () => clustersRoute,
  path: "plans/$plan",
  staticData: { crumb: ({ plan }) => plan ?? "" },
  component: lazyRouteComponent(() => import("./plan-page.tsx"), "PlanPage"),
});

const meshPage = createRoute({
  getParentRoute: () => clustersRoute,
  path: "meshes/$cluster",
  staticData: { crumb: ({ cluster }) => cluster ?? "" },
  component: lazyRouteComponent(() => import("./mesh-page.tsx"), "MeshPage"),
});

const recoveryPage = createRoute({
  getParentRoute: () => clustersRoute,
  path: "recovery",
  staticData: { crumb: "Disaster recovery" },
  component: lazyRouteComponent(() => import("./recovery-page.tsx"), "RecoveryPage"),
});

const failoverPage = createRoute({
  getParentRoute: () => clustersRoute,
  path: "failovers/$failover",
  staticData: { crumb: ({ failover }) => failover ?? "" },
  component: lazyRouteComponent(() => import("./failover-page.tsx"), "FailoverPage"),
});

export const clustersRoutes = [
  clustersRoute.addChildren([listPage, componentPage, planPage, recoveryPage, failoverPage, meshPage]),
] as const;
