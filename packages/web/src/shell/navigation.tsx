// The way to every screen: a column at the side, narrowed to its icons if one likes; on phones a bar at the bottom and a
// drawer with the rest.
import { Link, useLocation } from "@tanstack/react-router";
import { Ellipsis, PanelLeftClose, PanelLeftOpen } from "lucide-react";
import { useState } from "react";
import { useParts, usePreferences } from "../parts.ts";
import { useMayOf } from "../session/session.ts";
import { IconButton } from "../ui/button.tsx";
import { cx } from "../ui/cx.ts";
import { Drawer } from "../ui/dialog.tsx";
import { Tooltip } from "../ui/tooltip.tsx";
import { Logo } from "./logo.tsx";
import { navSections } from "./screen.ts";
import type { NavItem } from "./screen.ts";
import type { Overlay } from "./overlay.ts";

const phoneItemsMax = 4;

function useNavItems(): readonly NavItem[] {
  const may = useMayOf();
  const { navigation } = useParts();
  return navigation.filter((item) => item.needs === undefined || may(item.needs));
}

/** Whether the screen that is open is this item's, or below it. */
function useIsHere(): (item: NavItem) => boolean {
  const { pathname } = useLocation();
  return ({ to }) => pathname === to || (to !== "/" && pathname.startsWith(`${to}/`));
}

export function SideNavigation() {
  const { narrowNavigation: narrow } = usePreferences();
  const { preferences } = useParts();
  const items = useNavItems();
  return (
    <nav
      aria-label="Main"
      className={cx(
        "flex shrink-0 flex-col border-r border-line bg-canvas max-md:hidden",
        narrow ? "w-13 items-center px-2" : "w-54 px-2.5",
      )}
    >
      <div className={cx("flex h-12 shrink-0 items-center", narrow ? "justify-center" : "gap-2 px-1.5")}>
        <Link to="/" aria-label="Sluice, home" className="flex items-center gap-2 rounded-sm">
          <Logo />
          {!narrow && <span className="text-base font-semibold tracking-tight">Sluice</span>}
        </Link>
      </div>
      <div className="flex grow flex-col gap-3 overflow-y-auto py-1">
        <Sections items={items.filter((item) => item.to !== "/settings")} narrow={narrow} />
      </div>
      <div className={cx("flex flex-col gap-0.5 py-2", narrow && "items-center")}>
        {items
          .filter((item) => item.to === "/settings")
          .map((item) => (
            <NavLink key={item.to} item={item} narrow={narrow} />
          ))}
        <IconButton
          icon={narrow ? PanelLeftOpen : PanelLeftClose}
          label={narrow ? "Widen the navigation" : "Narrow the navigation"}
          keys="["
          onClick={() => preferences.set({ narrowNavigation: !narrow })}
        />
      </div>
    </nav>
  );
}

function Sections({ items, narrow, onGo }: { items: readonly NavItem[]; narrow: boolean; onGo?: () => void }) {
  return navSections.map((section) => {
    const inside = items.filter((item) => item.section === section);
    if (inside.length === 0) return null;
    return (
      <div key={section} className="flex flex-col gap-0.5">
        {section !== "" && !narrow && <div className="px-2 pb-1 text-xs text-ink-faint">{section}</div>}
        {section !== "" && narrow && <div aria-hidden className="mx-auto mb-1 h-px w-5 bg-line" />}
        {inside.map((item) => (
          <NavLink key={item.to} item={item} narrow={narrow} onGo={onGo} />
        ))}
      </div>
    );
  });
}

function NavLink({ item, narrow, onGo }: { item: NavItem; narrow: boolean; onGo?: (() => void) | undefined }) {
  const here = useIsHere()(item);
  const { icon: Icon } = item;
  const link = (
    <Link
      to={item.to}
      aria-current={here ? "page" : undefined}
      aria-label={narrow ? item.label : undefined}
      onClick={onGo}
      className={cx(
        "flex h-8 items-center gap-2.5 rounded-md text-sm",
        narrow ? "w-8 justify-center" : "px-2",
        here ? "bg-active font-medium text-ink" : "text-ink-soft hover:bg-hover hover:text-ink",
      )}
    >
      <Icon aria-hidden className={cx("size-4 shrink-0", here ? "text-accent-ink" : "opacity-80")} />
      {!narrow && item.label}
    </Link>
  );
  if (!narrow) return link;
  return (
    <Tooltip text={item.label} keys={item.keys} side="right">
      {link}
    </Tooltip>
  );
}

/** On phones: the screens one needs on the way, and the rest behind "More". */
export function BottomBar({ open }: { readonly open: (overlay: Overlay) => void }) {
  const items = useNavItems();
  const isHere = useIsHere();
  const [more, setMore] = useState(false);
  const inBar = items.filter((item) => item.onPhones === true).slice(0, phoneItemsMax);
  const look = "flex min-w-0 flex-1 flex-col items-center justify-center gap-0.5 text-2xs";
  return (
    <nav
      aria-label="Main"
      className="flex h-14 shrink-0 border-t border-line bg-panel pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {inBar.map((item) => (
        <Link
          key={item.to}
          to={item.to}
          aria-current={isHere(item) ? "page" : undefined}
          className={cx(look, isHere(item) ? "font-medium text-accent-ink" : "text-ink-soft")}
        >
          <item.icon aria-hidden className="size-5" />
          {item.label}
        </Link>
      ))}
      <button type="button" className={cx(look, "text-ink-soft")} aria-expanded={more} onClick={() => setMore(true)}>
        <Ellipsis aria-hidden className="size-5" />
        More
      </button>
      <Drawer open={more} onClose={() => setMore(false)} title="Sluice" side="left">
        <div className="flex flex-col gap-4 p-3">
          <Sections items={items} narrow={false} onGo={() => setMore(false)} />
          <button
            type="button"
            className="flex h-8 items-center rounded-md px-2 text-sm text-ink-soft hover:bg-hover"
            onClick={() => {
              setMore(false);
              open("shortcuts");
            }}
          >
            Keyboard shortcuts
          </button>
        </div>
      </Drawer>
    </nav>
  );
}
