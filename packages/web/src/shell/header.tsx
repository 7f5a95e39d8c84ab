// The bar above the screen: where one is, search, connection, time zone, account.
import { useNavigate } from "@tanstack/react-router";
import { CircleHelp, CircleUser, Clock, LogOut, Monitor, Moon, Search, Settings, Sun } from "lucide-react";
import { useParts, usePreferences } from "../parts.ts";
import { useMe, useSignOut } from "../session/session.ts";
import { IconButton } from "../ui/button.tsx";
import { Keys } from "../ui/keys.tsx";
import { Menu } from "../ui/menu.tsx";
import { Text } from "../ui/text.tsx";
import { Tooltip } from "../ui/tooltip.tsx";
import { Breadcrumbs } from "./breadcrumbs.tsx";
import { ConnectionState } from "./connection-state.tsx";
import type { Overlay } from "./overlay.ts";

export function Header({ open }: { readonly open: (overlay: Overlay) => void }) {
  return (
    <header className="flex h-12 shrink-0 items-center gap-1 border-b border-line bg-canvas px-4">
      <Breadcrumbs />
      <button
        type="button"
        onClick={() => open("palette")}
        className="mr-1 flex h-8 w-56 items-center gap-2 rounded-md border border-line bg-panel px-2.5 text-sm text-ink-faint hover:border-line-strong max-lg:w-36 max-sm:hidden"
      >
        <Search aria-hidden className="size-3.5" />
        <span className="grow text-left">Search…</span>
        <Keys keys="mod+k" />
      </button>
      <IconButton icon={Search} label="Search" className="sm:hidden" onClick={() => open("palette")} />
      <ConnectionState />
      <ZoneMenu />
      <IconButton
        icon={CircleHelp}
        label="Keyboard shortcuts"
        keys="?"
        className="max-sm:hidden"
        onClick={() => open("shortcuts")}
      />
      <AccountMenu />
    </header>
  );
}

/** What a zone is called in little room: `UTC`, `Local`, `Tokyo`. */
function zoneLabel(timeZone: string): string {
  if (timeZone === "local") return "Local";
  return timeZone.slice(timeZone.lastIndexOf("/") + 1).replaceAll("_", " ");
}

function ZoneMenu() {
  const { preferences } = useParts();
  const { timeZone } = usePreferences();
  const navigate = useNavigate();
  const choose = (zone: string) => () => preferences.set({ timeZone: zone });
  const other = timeZone === "local" || timeZone === "UTC" ? [] : [timeZone];
  return (
    <Menu
      heading="Times are shown in"
      groups={[
        [
          { label: "Local time", detail: <LocalZone />, checked: timeZone === "local", run: choose("local") },
          { label: "UTC", checked: timeZone === "UTC", run: choose("UTC") },
          ...other.map((zone) => ({ label: zone, checked: true, run: choose(zone) })),
        ],
        [{ label: "Another time zone…", run: () => void navigate({ to: "/settings/appearance" }) }],
      ]}
    >
      <button
        type="button"
        aria-label={`Time zone: ${timeZone}`}
        className="flex h-8 items-center gap-1.5 rounded-md px-2 text-xs text-ink-soft hover:bg-hover hover:text-ink max-sm:hidden"
      >
        <Clock aria-hidden className="size-3.5" />
        {zoneLabel(timeZone)}
      </button>
    </Menu>
  );
}

/** Drawn when the menu opens: a browser takes long to say its own zone for the first time. */
function LocalZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function AccountMenu() {
  const me = useMe();
  const { preferences } = useParts();
  const { theme } = usePreferences();
  const navigate = useNavigate();
  const signOut = useSignOut();
  const name = me?.user?.name ?? (me?.authentication === "none" ? "Not signed in" : "Signed in by token");
  const account =
    me?.authentication === "session"
      ? [
          { label: "Sign out", icon: LogOut, run: () => void signOut(false) },
          { label: "Sign out everywhere", run: () => void signOut(true) },
        ]
      : [];
  return (
    <Menu
      heading={
        <>
          <Text className="block text-sm font-medium text-ink">{name}</Text>
          {me?.user !== null && me?.user !== undefined && <span>{me.user.roles.join(", ")}</span>}
        </>
      }
      groups={[
        [
          { label: "Light", icon: Sun, checked: theme === "light", run: () => preferences.set({ theme: "light" }) },
          { label: "Dark", icon: Moon, checked: theme === "dark", run: () => preferences.set({ theme: "dark" }) },
          {
            label: "As the system",
            icon: Monitor,
            checked: theme === "system",
            run: () => preferences.set({ theme: "system" }),
          },
        ],
        [{ label: "Settings", icon: Settings, run: () => void navigate({ to: "/settings" }) }],
        account,
      ]}
    >
      <button
        type="button"
        aria-label={`Account: ${name}`}
        className="flex size-8 items-center justify-center rounded-full text-ink-soft hover:bg-hover hover:text-ink"
      >
        {me?.user === null || me?.user === undefined ? (
          <CircleUser aria-hidden className="size-4.5" />
        ) : (
          <Tooltip text={me.user.name}>
            <span className="flex size-6 items-center justify-center rounded-full bg-accent-soft text-xs font-semibold text-accent-ink uppercase">
              {me.user.name.slice(0, 1)}
            </span>
          </Tooltip>
        )}
      </button>
    </Menu>
  );
}
