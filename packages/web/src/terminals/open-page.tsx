// The terminals that are open: tabs, and panes beside each other. Which ones is in the URL.
import { getRouteApi } from "@tanstack/react-router";
import { Columns2, Plus, Radio, Rows2, Search, SquareX, X } from "lucide-react";
import { useCallback, useMemo, useRef, useState } from "react";
import { api } from "../api.ts";
import { useToasts } from "../parts.ts";
import { useApi } from "../query.ts";
import { useMay } from "../session/session.ts";
import { Page } from "../shell/page.tsx";
import type { Action } from "../shell/actions.ts";
import { useActions } from "../shell/use-actions.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { cx } from "../ui/cx.ts";
import { SkeletonRows } from "../ui/states.tsx";
import { Text } from "../ui/text.tsx";
import { canOpen, canSplit, layoutOf, split, tabsOf, tabWith, without } from "./layout.ts";
import type { Tab } from "./layout.ts";
import { LookButton } from "./look-menu.tsx";
import { NewTerminalDialog } from "./new-terminal.tsx";
import type { TerminalRow } from "./new-terminal.tsx";
import { TerminalPane } from "./pane.tsx";
import { EndDialog } from "./terminals-page.tsx";
import type { ShownTerminal } from "./use-terminal.ts";

const route = getRouteApi("/shell/terminals/$terminal");
const refreshMs = 3_000;
const phone = "(max-width: 640px)";

/** The tabs, and what can be done with them; all of it is a change of the URL. */
function useOpenTerminals() {
  const { terminal: focused } = route.useParams();
  const { layout } = route.useSearch();
  const navigate = route.useNavigate();
  const tabs = useMemo(() => tabsOf(layout, focused), [layout, focused]);
  const show = useCallback(
    (next: readonly Tab[], focus: string | undefined): void => {
      if (focus === undefined) void navigate({ to: "/terminals" });
      else void navigate({ params: { terminal: focus }, search: { layout: layoutOf(next) }, replace: true });
    },
    [navigate],
  );
  return { focused, tabs, show };
}

export function OpenTerminalsPage() {
  const { focused, tabs, show } = useOpenTerminals();
  const { data } = useApi("listTerminals", {}, { refetchMs: refreshMs });
  const [dialog, setDialog] = useState<"none" | "new" | "end">("none");
  const [searching, setSearching] = useState(false);
  const [broadcasts, setBroadcasts] = useState(false);
  const mayType = useMay("terminal:write");
  const mayCreate = useMay("terminal:create");
  const make = useSplitting({ tabs, focused, show });
  const rows = data?.terminals ?? [];
  const row = rows.find(({ id }) => id === focused);
  const tab = tabs[tabWith(tabs, focused)];
  const close = (...ids: readonly string[]): void => {
    const left = without(tabs, ids);
    show(left.tabs, ids.includes(focused) ? left.focus : focused);
  };
  const find = (): void => setSearching(true);
  useOpenActions({ make, mayCreate, find, close: () => close(focused), end: () => setDialog("end") });
  return (
    <Page
      full
      title={<Text>{row?.name ?? "Terminal"}</Text>}
      actions={
        <>
          {mayType && (tab?.panes.length ?? 0) > 1 && <BroadcastButton on={broadcasts} onChange={setBroadcasts} />}
          <LookButton />
          {row !== undefined && row.status !== "exited" && <EndButton onEnd={() => setDialog("end")} name={row.name} />}
        </>
      }
    >
      <div className="flex h-full flex-col">
        <TabStrip
          tabs={tabs}
          focused={focused}
          rows={rows}
          onShow={(id) => show(tabs, id)}
          onClose={({ panes }) => close(...panes)}
          onNew={mayCreate && canOpen(tabs) ? () => setDialog("new") : undefined}
        />
        {data === undefined || tab === undefined ? (
          <SkeletonRows rows={6} />
        ) : (
          <Panes
            key={tab.panes[0]}
            tab={tab}
            rows={rows}
            focused={focused}
            mayType={mayType}
            broadcasts={broadcasts}
            searching={searching}
            onSearch={setSearching}
            onFocus={(id) => id !== focused && show(tabs, id)}
            onClose={close}
            onSplit={mayCreate && canSplit(tabs, focused) ? make : undefined}
          />
        )}
      </div>
      <NewTerminalDialog
        open={dialog === "new"}
        onClose={() => setDialog("none")}
        onMade={({ id }) => {
          setDialog("none");
          show([...tabs, { panes: [id], direction: "row" }], id);
        }}
      />
      <EndDialog terminal={dialog === "end" ? row : undefined} onClose={() => setDialog("none")} />
    </Page>
  );
}

function BroadcastButton({ on, onChange }: { readonly on: boolean; readonly onChange: (on: boolean) => void }) {
  return (
    <Button icon={Radio} aria-pressed={on} tone={on ? "primary" : "plain"} onClick={() => onChange(!on)}>
      Type into all
    </Button>
  );
}

function EndButton({ onEnd, name }: { readonly onEnd: () => void; readonly name: string }) {
  const mayEnd = useMay("terminal:end", name);
  return mayEnd ? <IconButton icon={SquareX} label="End this terminal" onClick={onEnd} /> : null;
}

/** Begins a shell beside a terminal. */
function useSplitting({
  tabs,
  focused,
  show,
}: ReturnType<typeof useOpenTerminals>): (direction: Tab["direction"], at?: string) => void {
  const toasts = useToasts();
  return useCallback(
    (direction, at = focused) => {
      if (!canSplit(tabs, at)) return;
      void api("createTerminal", { body: {} }).then(
        ({ terminal }) => show(split(tabs, { at, added: terminal.id, direction }), terminal.id),
        (error: unknown) => toasts.fail(error),
      );
    },
    [tabs, focused, show, toasts],
  );
}

interface OpenActions {
  readonly make: (direction: Tab["direction"]) => void;
  readonly mayCreate: boolean;
  readonly find: () => void;
  readonly close: () => void;
  readonly end: () => void;
}

function useOpenActions({ make, mayCreate, find, close, end }: OpenActions): void {
  const run = useRef({ make, find, close, end });
  run.current = { make, find, close, end };
  useActions(
    useMemo((): readonly Action[] => {
      const group = "This terminal";
      return [
        {
          id: "terminal:find",
          group,
          label: "Find in this terminal",
          icon: Search,
          keys: "mod+shift+f",
          run: () => run.current.find(),
        },
        ...(mayCreate
          ? ([
              {
                id: "terminal:beside",
                group,
                label: "Split beside",
                icon: Columns2,
                keys: "mod+shift+d",
                run: () => run.current.make("row"),
              },
              {
                id: "terminal:below",
                group,
                label: "Split below",
                icon: Rows2,
                keys: "mod+shift+e",
                run: () => run.current.make("column"),
              },
            ] as const)
          : []),
        { id: "terminal:close", group, label: "Close; the program goes on", icon: X, run: () => run.current.close() },
        {
          id: "terminal:end",
          group,
          label: "End this terminal",
          icon: SquareX,
          needs: "terminal:end",
          run: () => run.current.end(),
        },
      ];
    }, [mayCreate]),
  );
}

interface TabStripProps {
  readonly tabs: readonly Tab[];
  readonly focused: string;
  readonly rows: readonly TerminalRow[];
  readonly onShow: (id: string) => void;
  readonly onClose: (tab: Tab) => void;
  readonly onNew: (() => void) | undefined;
}

function TabStrip({ tabs, focused, rows, onShow, onClose, onNew }: TabStripProps) {
  const nameOf = (id: string): string => rows.find((row) => row.id === id)?.name ?? id;
  const open = tabWith(tabs, focused);
  return (
    <div className="flex shrink-0 items-center gap-1 overflow-x-auto border-b border-line px-2 [scrollbar-width:none]">
      <ul aria-label="Open terminals" className="flex items-center">
        {tabs.map((tab, index) => (
          <li
            key={tab.panes[0]}
            className={cx(
              "flex h-8 max-w-56 items-center border-b-2 text-sm",
              index === open ? "border-accent font-medium text-ink" : "border-transparent text-ink-soft hover:text-ink",
            )}
          >
            <button
              type="button"
              aria-current={index === open ? "page" : undefined}
              className="min-w-0 truncate px-2"
              onClick={() => index !== open && onShow(tab.panes[0] ?? focused)}
            >
              <Text>{tab.panes.map(nameOf).join(" · ")}</Text>
            </button>
            {tabs.length > 1 && (
              <IconButton
                size="sm"
                icon={X}
                label={`Close ${nameOf(tab.panes[0] ?? "")}`}
                onClick={() => onClose(tab)}
              />
            )}
          </li>
        ))}
      </ul>
      {onNew !== undefined && <IconButton size="sm" icon={Plus} label="Another terminal" onClick={onNew} />}
    </div>
  );
}

interface PanesProps {
  readonly tab: Tab;
  readonly rows: readonly TerminalRow[];
  readonly focused: string;
  readonly mayType: boolean;
  readonly broadcasts: boolean;
  readonly searching: boolean;
  readonly onSearch: (open: boolean) => void;
  readonly onFocus: (id: string) => void;
  readonly onClose: (id: string) => void;
  readonly onSplit: ((direction: Tab["direction"], at: string) => void) | undefined;
}

function Panes({ tab, rows, focused, mayType, broadcasts, searching, onSplit, ...on }: PanesProps) {
  const shown = useRef(new Map<string, ShownTerminal>());
  return (
    <div
      className={cx("flex min-h-0 grow gap-1 p-1", tab.direction === "column" ? "flex-col" : "flex-col sm:flex-row")}
    >
      {tab.panes.map((id) => {
        const row = rows.find((each) => each.id === id);
        return (
          <TerminalPane
            key={id}
            id={id}
            name={row?.name ?? id}
            mayType={mayType}
            // A phone leaves the size to those who are there already.
            drive={!matchMedia(phone).matches || (row?.viewers ?? 0) === 0}
            focused={id === focused}
            searching={searching && id === focused}
            onFocus={() => on.onFocus(id)}
            onTyped={(bytes) => {
              const targets = broadcasts ? tab.panes : [id];
              for (const target of targets) shown.current.get(target)?.link.type(bytes);
            }}
            onSearch={(open) => {
              on.onFocus(id);
              on.onSearch(open);
            }}
            onClose={() => on.onClose(id)}
            onSplit={onSplit === undefined ? undefined : (direction) => onSplit(direction, id)}
            onShown={(each) => {
              shown.current.set(id, each);
              return () => shown.current.delete(id);
            }}
          />
        );
      })}
    </div>
  );
}
