// The actions that are there on every screen.
import { useNavigate } from "@tanstack/react-router";
import { CircleHelp, Clock, LogOut, Monitor, Moon, PanelLeft, Search, Sun } from "lucide-react";
import { useMemo } from "react";
import { useParts } from "../parts.ts";
import type { PreferenceStore, Preferences } from "../preferences.ts";
import { useMe, useSignOut } from "../session/session.ts";
import type { Action } from "./actions.ts";
import type { NavItem } from "./screen.ts";
import type { Overlay } from "./overlay.ts";
import { useActions } from "./use-actions.ts";

/** One action for each screen of the navigation. */
function goingTo(navigation: readonly NavItem[], go: (to: string) => void): readonly Action[] {
  return navigation.map((item) => ({
    id: `go:${item.to}`,
    label: item.label,
    group: "Go to",
    icon: item.icon,
    keys: item.keys,
    needs: item.needs,
    run: () => go(item.to),
  }));
}

/** How the console looks. */
function appearanceActions(preferences: PreferenceStore): readonly Action[] {
  const set = (change: Partial<Preferences>) => () => preferences.set(change);
  const group = "Appearance";
  const theme = "colour mode";
  return [
    { id: "theme:light", label: "Light theme", group, icon: Sun, words: theme, run: set({ theme: "light" }) },
    { id: "theme:dark", label: "Dark theme", group, icon: Moon, words: theme, run: set({ theme: "dark" }) },
    {
      id: "theme:system",
      label: "Theme of the system",
      group,
      icon: Monitor,
      words: theme,
      run: set({ theme: "system" }),
    },
    {
      id: "zone:local",
      label: "Times in local time",
      group,
      icon: Clock,
      words: "zone",
      run: set({ timeZone: "local" }),
    },
    { id: "zone:utc", label: "Times in UTC", group, icon: Clock, words: "zone", run: set({ timeZone: "UTC" }) },
    {
      id: "navigation",
      label: "Narrow or widen the navigation",
      group,
      icon: PanelLeft,
      keys: "[",
      run: () => preferences.set({ narrowNavigation: !preferences.current.narrowNavigation }),
    },
  ];
}

/** What stands above every screen. */
function overlayActions(open: (overlay: Overlay) => void): readonly Action[] {
  const group = "General";
  const palette = () => open("palette");
  return [
    { id: "palette", label: "Search and run", group, icon: Search, keys: "mod+k", run: palette },
    { id: "search", label: "Search everything", group, keys: "/", run: palette },
    {
      id: "shortcuts",
      label: "Show keyboard shortcuts",
      group,
      icon: CircleHelp,
      keys: "?",
      run: () => open("shortcuts"),
    },
  ];
}

/** `open` has to stay the same function. */
export function useShellActions(open: (overlay: Overlay) => void): void {
  const navigate = useNavigate();
  const { preferences, navigation } = useParts();
  const me = useMe();
  const signOut = useSignOut();
  const actions = useMemo(
    () => [
      ...goingTo(navigation, (to) => void navigate({ to })),
      ...overlayActions(open),
      ...appearanceActions(preferences),
      ...(me?.authentication === "session"
        ? [{ id: "sign-out", label: "Sign out", group: "Account", icon: LogOut, run: () => void signOut(false) }]
        : []),
    ],
    [navigate, navigation, open, preferences, me, signOut],
  );
  useActions(actions);
}
