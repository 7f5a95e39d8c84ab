// Approvals: the inbox, and the page behind an emailed link.
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { Stamp } from "lucide-react";
import { rootRoute, shellRoute } from "../shell/routes.tsx";
import type { NavItem } from "../shell/screen.ts";
import { param, searchParams } from "../shell/search-params.ts";

export const approvalsNav: NavItem = {
  to: "/approvals",
  label: "Approvals",
  icon: Stamp,
  section: "Workflows",
  keys: "g a",
  needs: "approval:read",
  onPhones: true,
  noun: "approvals",
};

const approvalsPage = createRoute({
  getParentRoute: () => shellRoute,
  path: "approvals",
  staticData: { crumb: "Approvals" },
  validateSearch: searchParams({ workflow: param.text(), run: param.text(), open: param.text() }),
  component: lazyRouteComponent(() => import("./approvals-page.tsx"), "ApprovalsPage"),
});

export const approvalsRoutes = [approvalsPage] as const;

/** Outside of the shell: whoever holds the token may decide, signed in or not. */
export const approveRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "approve/$token",
  staticData: { crumb: "Approval" },
  component: lazyRouteComponent(() => import("./approve-page.tsx"), "ApprovePage"),
});
