// The actions that are there on every screen.
import { useNavigate, useRouter } from "@tanstack/react-router";
import { CircleHelp, Clock, LogOut, Monitor, Moon, PanelLeft, Search, Sun } from "lucide-react";
import { useMemo, useRef } from "react";
import { useParts } from "../parts.ts";
import { useSignOut } from "../session/session.ts";
import { navItems } from "../screens.ts";
import type { Action } from "./actions.ts";
import type { Overlay } from "./shell.tsx";
import { useActions } from "./use-actions.ts";

export function useShellActions(open: (overlay: Overlay) => void): void {
  const router = useRouter();
  const navigate = useNavigate();
  const { preferences } = useParts();
  const signOut = useSignOut();
  const opener = useRef(open);
  opener.current = open;
  const actions = useMemo(() => {
    const going = navItems.map(
      (item): Action => ({
        id: `go:${item.to}`,
        label: item.label,
        group: "Go to",
        icon: item.icon,
        keys: item.keys,
        needs: item.needs,
        run: () => void navigate({ to: item.to }),
      }),
    );
    const other: Action[] = [
      { id: "palette", label: "Search and run", group: "General", icon: Search, keys: "mod+k", run: () => opener.current("palette") },
      { id: "search", label: "Search everything", group: "General", keys: "/", run: () => opener.current("palette") },
      { id: "shortcuts", label: "Show keyboard shortcuts", group: "General", icon: CircleHelp, keys: "?", run: () => opener.current("shortcuts") },
      {
        id: "navigation",
        label: "Narrow or widen the navigation",
        group: "General",
        icon: PanelLeft,
        keys: "[",
        run: () => preferences.set({ narrowNavigation: !preferences.current.narrowNavigation }),
      },
      { id: "theme:light", label: "Light theme", group: "Appearance", icon: Sun, words: "colour mode", run: () => preferences.set({ theme: "light" }) },
      { id: "theme:dark", label: "Dark theme", group: "Appearance", icon: Moon, words: "colour mode", run: () => preferences.set({ theme: "dark" }) },
      { id: "theme:system", label: "Theme of the system", group: "Appearance", icon: Monitor, words: "colour mode", run: () => preferences.set({ theme: "system" }) },
      { id: "zone:local", label: "Times in local time", group: "Appearance", icon: Clock, words: "zone", run: () => preferences.set({ timeZone: "local" }) },
      { id: "zone:utc", label: "Times in UTC", group: "Appearance", icon: Clock, words: "zone", run: () => preferences.set({ timeZone: "UTC" }) },
      { id: "sign-out", label: "Sign out", group: "Account", icon: LogOut, run: () => void signOut(false) },
      { id: "back", label: "Back", group: "General", keys: "alt+arrowleft", run: () => router.history.back() },
    ];
    return [...going, ...other];
  }, [navigate, preferences, router, signOut]);
  useActions(actions);
}
