// Workers: which code is deployed, and who executes it.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { Cpu } from "lucide-react";
import { shellRoute } from "../shell/routes.tsx";
import type { NavItem } from "../shell/screen.ts";

export const workersNav: NavItem = {
  to: "/workers",
  label: "Workers",
  icon: Cpu,
  section: "Operations",
  keys: "g o",
  needs: "deployment:read",
};

const workersPage = createRoute({
  getParentRoute: () => shellRoute,
  path: "workers",
  staticData: { crumb: "Workers" },
  component: lazyRouteComponent(() => import("./workers-page.tsx"), "WorkersPage"),
});

export const workersRoutes = [workersPage] as const;
