// Logs: search with a histogram, and a live tail.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { ScrollText } from "lucide-react";
import { shellRoute } from "../shell/routes.tsx";
import type { NavItem } from "../shell/screen.ts";
import { param, searchParams } from "../shell/search-params.ts";

export const logsNav: NavItem = {
  to: "/logs",
  label: "Logs",
  icon: ScrollText,
  section: "Operations",
  keys: "g l",
  needs: "log:read",
  noun: "logs",
};

const logsPage = createRoute({
  getParentRoute: () => shellRoute,
  path: "logs",
  staticData: { crumb: "Logs" },
  validateSearch: searchParams({
    q: param.text(),
    since: param.oneOf(["15m", "1h", "6h", "24h", "7d"]),
    from: param.int(),
    to: param.int(),
    entry: param.int(),
    live: param.flag(),
    of: param.oneOf(["sluice", "sluice-builds", "sluice-audit"]),
  }),
  component: lazyRouteComponent(() => import("./logs-page.tsx"), "LogsPage"),
});

export const logsRoutes = [logsPage] as const;
