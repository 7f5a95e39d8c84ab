// Settings: how the console looks here, and what others add.
import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { Settings } from "lucide-react";
import { param, searchParams } from "../shell/search-params.ts";
import { shellRoute } from "../shell/routes.tsx";
import type { NavItem } from "../shell/screen.ts";

export const settingsNav: NavItem = {
  to: "/settings",
  label: "Settings",
  icon: Settings,
  section: "",
  keys: "g ,",
  noun: "settings",
};

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

const accountPage = createRoute({
  getParentRoute: () => settingsRoute,
  path: "account",
  staticData: { crumb: "Account" },
  component: lazyRouteComponent(() => import("../account/account-page.tsx"), "AccountPage"),
});
const usersPage = createRoute({
  getParentRoute: () => settingsRoute,
  path: "users",
  staticData: { crumb: "Users" },
  validateSearch: searchParams({ text: param.text(), user: param.text(), create: param.flag() }),
  component: lazyRouteComponent(() => import("./users-page.tsx"), "UsersPage"),
});
const rolesPage = createRoute({
  getParentRoute: () => settingsRoute,
  path: "roles",
  staticData: { crumb: "Roles" },
  validateSearch: searchParams({ role: param.text(), from: param.text(), create: param.flag() }),
  component: lazyRouteComponent(() => import("./roles-page.tsx"), "RolesPage"),
});
const tokensPage = createRoute({
  getParentRoute: () => settingsRoute,
  path: "tokens",
  staticData: { crumb: "Tokens" },
  validateSearch: searchParams({ of: param.oneOf(["everybody"]), token: param.text(), create: param.flag() }),
  component: lazyRouteComponent(() => import("./tokens-page.tsx"), "TokensPage"),
});
const secretsPage = createRoute({
  getParentRoute: () => settingsRoute,
  path: "secrets",
  staticData: { crumb: "Secrets" },
  validateSearch: searchParams({ set: param.text(), create: param.flag() }),
  component: lazyRouteComponent(() => import("./secrets-page.tsx"), "SecretsPage"),
});
const auditPage = createRoute({
  getParentRoute: () => settingsRoute,
  path: "audit",
  staticData: { crumb: "Audit" },
  validateSearch: searchParams({
    text: param.text(),
    actor: param.text(),
    action: param.text(),
    target: param.text(),
    outcome: param.oneOf(["done", "refused", "failed", "intended"]),
    from: param.text(),
    to: param.text(),
    row: param.int(),
  }),
  component: lazyRouteComponent(() => import("./audit-page.tsx"), "AuditPage"),
});
const serverPage = createRoute({
  getParentRoute: () => settingsRoute,
  path: "server",
  staticData: { crumb: "Server" },
  validateSearch: searchParams({ text: param.text(), set: param.flag() }),
  component: lazyRouteComponent(() => import("./server-page.tsx"), "ServerPage"),
});

export const settingsRoutes = [
  settingsRoute.addChildren([
    firstPage,
    accountPage,
    appearancePage,
    usersPage,
    rolesPage,
    tokensPage,
    secretsPage,
    auditPage,
    serverPage,
  ]),
] as const;
