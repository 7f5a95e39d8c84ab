// Settings: how the console looks here, and what others add.
import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { Settings } from "lucide-react";
import { shellRoute } from "../shell/routes.tsx";
import type { NavItem } from "../shell/screen.ts";

export const settingsNav: NavItem = { to: "/settings", label: "Settings", icon: Settings, section: "", keys: "g ," };

const settingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "settings",
  staticData: { crumb: "Settings" },
  component: lazyRouteComponent(() => import("./settings-layout.tsx"), "SettingsLayout"),
});

const firstPage = createRoute({
  getParentRoute: () => settingsRoute,
  path: "/",
  beforeLoad: (): void => {
    redirect({ to: "/settings/appearance", replace: true, throw: true });
  },
});
const appearancePage = createRoute({
  getParentRoute: () => settingsRoute,
  path: "appearance",
  staticData: { crumb: "Appearance" },
  component: lazyRouteComponent(() => import("./appearance-page.tsx"), "AppearancePage"),
});

export const settingsRoutes = [settingsRoute.addChildren([firstPage, appearancePage])] as const;
