// The frame around every screen: navigation, header, banners, palette, shortcuts, messages.
import { Outlet } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useState } from "react";
import { useParts } from "../parts.ts";
import { Toasts } from "../ui/toasts.tsx";
import { Banners } from "./banners.tsx";
import { Header } from "./header.tsx";
import { BottomBar, SideNavigation } from "./navigation.tsx";
import { useDocumentTitle } from "./breadcrumbs.tsx";
import type { Overlay } from "./overlay.ts";
import { useLiveUpkeep } from "./live-upkeep.ts";
import { useShellActions } from "./shell-actions.ts";
import { useShortcuts } from "./use-shortcuts.ts";

const Palette = lazy(async () => ({ default: (await import("./palette.tsx")).Palette }));
const ShortcutSheet = lazy(async () => ({ default: (await import("./shortcut-sheet.tsx")).ShortcutSheet }));

export function Shell() {
  const { live } = useParts();
  const [overlay, setOverlay] = useState<Overlay>("none");
  const [opened, setOpened] = useState<ReadonlySet<Overlay>>(new Set());
  const open = useCallback((next: Overlay) => {
    setOpened((before) => new Set([...before, next]));
    setOverlay(next);
  }, []);
  useEffect(() => live.start(), [live]);
  useLiveUpkeep();
  const title = useDocumentTitle();
  useShellActions(open);
  useShortcuts();
  const close = () => setOverlay("none");
  return (
    <div className="flex h-dvh overflow-hidden">
      <a
        href="#content"
        className="sr-only z-80 rounded-md bg-accent px-3 py-1.5 text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to the content
      </a>
      <SideNavigation />
      <div className="flex min-w-0 grow flex-col">
        <Header open={open} />
        <Banners />
        <main
          id="content"
          tabIndex={-1}
          className="min-h-0 grow overflow-y-auto outline-none"
          data-scroll-restoration-id="content"
        >
          <Outlet />
        </main>
        <BottomBar open={open} />
      </div>
      <div aria-live="polite" className="sr-only">
        {title}
      </div>
      <Suspense>
        {opened.has("palette") && <Palette open={overlay === "palette"} onClose={close} />}
        {opened.has("shortcuts") && <ShortcutSheet open={overlay === "shortcuts"} onClose={close} />}
      </Suspense>
      <Toasts />
    </div>
  );
}
