// The settings with their list at the side.
import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useMayOf } from "../session/session.ts";
import { Page } from "../shell/page.tsx";
import { settingsPages } from "./pages.ts";

export function SettingsLayout() {
  const may = useMayOf();
  const list = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  // On phones the list is a line that may be longer than the page is wide.
  useEffect(() => {
    const current = list.current?.querySelector('[aria-current="page"]');
    current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [pathname]);
  const pages = settingsPages.filter(({ needs }) => needs === undefined || may(needs));
  return (
    <Page title="Settings">
      <div className="flex gap-8 max-md:flex-col max-md:gap-4">
        <nav ref={list} aria-label="Settings" className="flex shrink-0 gap-0.5 overflow-x-auto md:w-44 md:flex-col">
          {pages.map(({ to, label }) => (
            <Link
              key={to}
              to={to}
              className="flex h-8 items-center rounded-md px-2 text-sm whitespace-nowrap text-ink-soft -outline-offset-2 hover:bg-hover hover:text-ink aria-[current=page]:bg-active aria-[current=page]:font-medium aria-[current=page]:text-ink"
            >
              {label}
            </Link>
          ))}
        </nav>
        <div className="min-w-0 grow">
          <Outlet />
        </div>
      </div>
    </Page>
  );
}
