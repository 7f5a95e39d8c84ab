// The list of screens: one line each for its place in the navigation, one for its routes.
import { homeNav, homeRoutes } from "./home/screen.ts";
import { searchRoutes } from "./search/screen.ts";
import { settingsNav, settingsRoutes } from "./settings/screen.ts";
import type { NavItem } from "./shell/screen.ts";

export const navItems: readonly NavItem[] = [homeNav, settingsNav];

export const screenRoutes = [...homeRoutes, ...searchRoutes, ...settingsRoutes] as const;
