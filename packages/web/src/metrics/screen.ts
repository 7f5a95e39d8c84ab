// Metrics: what the server counts.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { Activity } from "lucide-react";
import { shellRoute } from "../shell/routes.tsx";
import type { NavItem } from "../shell/screen.ts";
import { param, searchParams } from "../shell/search-params.ts";

/** Columns of the table of durations. */
export const durationFigures = ["count", "average", "p50", "p95", "p99", "max"] as const;

export const metricsNav: NavItem = {
  // Collectors of figures ask there too: the server tells browsers by what they accept.
  to: "/metrics",
  label: "Metrics",
  icon: Activity,
  section: "Operations",
  keys: "g m",
  needs: "metric:read",
};

const metricsPage = createRoute({
  getParentRoute: () => shellRoute,
  path: "metrics",
  staticData: { crumb: "Metrics" },
  validateSearch: searchParams({ sort: param.oneOf(durationFigures) }),
  component: lazyRouteComponent(() => import("./metrics-page.tsx"), "MetricsPage"),
});

export const metricsRoutes = [metricsPage] as const;
