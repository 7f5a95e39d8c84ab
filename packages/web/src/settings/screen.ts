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

/** One line in the list at the side of the settings. */
export interface SettingsPage {
  readonly to: string;
  readonly label: string;
}

export const settingsPages: readonly SettingsPage[] = [{ to: "/settings/appearance", label: "Appearance" }];

export const settingsRoutes = [
  settingsRoute.addChildren([
    createRoute({
      getParentRoute: () => settingsRoute,
      path: "/",
      beforeLoad: () => {
        throw redirect({ to: "/settings/appearance", replace: true });
      },
    }),
    createRoute({
      getParentRoute: () => settingsRoute,
      path: "appearance",
      staticData: { crumb: "Appearance" },
      component: lazyRouteComponent(() => import("./appearance-page.tsx"), "AppearancePage"),
    }),
  ]),
] as const;
