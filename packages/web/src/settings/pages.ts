// The pages of the settings, as the list at their side has them: one line each.
import type { Permission } from "@sluice/protocol";

export interface SettingsPage {
  readonly to: string;
  readonly label: string;
  /** Without this it is not listed. */
  readonly needs?: Permission | undefined;
}

export const settingsPages: readonly SettingsPage[] = [{ to: "/settings/appearance", label: "Appearance" }];
