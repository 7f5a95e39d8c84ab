// The pages of the settings, as the list at their side has them: one line each.
import type { Permission } from "@sluice/protocol";

export interface SettingsPage {
  readonly to: string;
  readonly label: string;
  /** Without this it is not listed. */
  readonly needs?: Permission | undefined;
}

export const settingsPages: readonly SettingsPage[] = [
  { to: "/settings/account", label: "Account" },
  { to: "/settings/appearance", label: "Appearance" },
  { to: "/settings/users", label: "Users", needs: "user:read" },
  { to: "/settings/roles", label: "Roles", needs: "role:read" },
  { to: "/settings/tokens", label: "Tokens" },
  { to: "/settings/secrets", label: "Secrets", needs: "secret:read" },
  { to: "/settings/audit", label: "Audit", needs: "audit:read" },
  { to: "/settings/server", label: "Server", needs: "settings:read" },
];
