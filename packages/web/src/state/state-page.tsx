// State: choose a scope, narrow by the beginning of the key, open a value to change it.
import { getRouteApi } from "@tanstack/react-router";
import { Database, Plus, Search } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import type { Answer } from "../api.ts";
import { useLiveRefresh } from "../live/use-live.ts";
import { usePages } from "../query.ts";
import { useMay } from "../session/session.ts";
import { Page } from "../shell/page.tsx";
import { useActions } from "../shell/use-actions.ts";
import { Button } from "../ui/button.tsx";
import type { Column } from "../ui/columns.ts";
import { Input } from "../ui/field.tsx";
import { EmptyState, ErrorState } from "../ui/states.tsx";
import { Mono } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { VirtualTable } from "../ui/virtual-table.tsx";
import { readScope, writeScope } from "./scope.ts";
import { ScopePicker } from "./scope-picker.tsx";
import { StateDrawer } from "./state-drawer.tsx";

const route = getRouteApi("/shell/state");
type Entry = Answer<"listState">["entries"][number];
const rowsOf = (page: Answer<"listState">): readonly Entry[] => page.entries;
const pageEntries = 100;
const typingMs = 200;
const previewChars = 200;

export function StatePage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const scope = writeScope(readScope(search.scope));
  const may = useMay("state:write");
  const close = () =>
    void navigate({ search: (before) => ({ ...before, key: undefined, add: undefined }), replace: true });
  const add = useAdd();
  return (
    <Page
      full
      title="State"
      actions={
        may &&
        scope !== undefined && (
          <Button tone="primary" size="sm" icon={Plus} onClick={add}>
            Add
          </Button>
        )
      }
    >
      <div className="flex h-full flex-col">
        <div className="flex shrink-0 flex-wrap items-center gap-2 border-b border-line px-4 pb-2.5 sm:px-6">
          <ScopePicker
            scope={readScope(search.scope)}
            onChange={(next) =>
              void navigate({
                search: { scope: next.kind === "global" ? undefined : (writeScope(next) ?? `${next.kind}:`) },
              })
            }
          />
          <PrefixField key={search.scope ?? ""} />
        </div>
        <div className="min-h-0 grow">
          {scope === undefined ? (
            <EmptyState icon={Database} title={search.scope === "run:" ? "Which run?" : "Which workflow?"}>
              Each has values of its own. Choose one above.
            </EmptyState>
          ) : (
            <Entries scope={scope} />
          )}
        </div>
      </div>
      {scope !== undefined && (
        <StateDrawer
          key={`${scope} ${search.key ?? ""} ${String(search.add)}`}
          scope={scope}
          entryKey={search.add === true ? "" : search.key}
          onClose={close}
          onAdded={(key) => void navigate({ search: (before) => ({ ...before, add: undefined, key }), replace: true })}
        />
      )}
    </Page>
  );
}

/** Opens the form of a new value. */
function useAdd(): () => void {
  const navigate = route.useNavigate();
  const add = useMemo(
    () => () => void navigate({ search: (before) => ({ ...before, add: true, key: undefined }) }),
    [navigate],
  );
  useActions(
    useMemo(
      () => [
        {
          id: "state:add",
          group: "State",
          label: "Add a value",
          icon: Plus,
          keys: "n",
          needs: "state:write",
          run: add,
        },
      ],
      [add],
    ),
  );
  return add;
}

function PrefixField() {
  const { prefix } = route.useSearch();
  const navigate = route.useNavigate();
  const [text, setText] = useState(prefix ?? "");
  useEffect(() => {
    if (text === (prefix ?? "")) return undefined;
    const timer = setTimeout(
      () =>
        void navigate({
          search: (before) => ({ ...before, prefix: text === "" ? undefined : text, key: undefined }),
          replace: true,
        }),
      typingMs,
    );
    return () => clearTimeout(timer);
  }, [text, prefix, navigate]);
  return (
    <div className="relative min-w-40 grow sm:max-w-72">
      <Search aria-hidden className="pointer-events-none absolute top-2.5 left-2.5 size-3.5 text-ink-faint" />
      <Input
        type="search"
        aria-label="Keys that begin with"
        placeholder="Keys that begin with…"
        value={text}
        onChange={({ target }) => setText(target.value)}
        className="pl-8"
      />
    </div>
  );
}

function Entries({ scope }: { readonly scope: string }) {
  const { prefix } = route.useSearch();
  const navigate = route.useNavigate();
  const entries = usePages(
    "listState",
    { params: { scope }, query: { prefix, limit: pageEntries } },
    { rowsOf, keepPrevious: true },
  );
  useLiveRefresh("state", ["listState"]);
  if (entries.error !== null && entries.rows.length === 0) {
    return <ErrorState title="The state could not be read" error={entries.error} onRetry={entries.refetch} />;
  }
  return (
    <VirtualTable
      label="State"
      columns={columns}
      rows={entries.rows}
      rowKey={(row) => row.key}
      isPending={entries.isPending}
      onNearEnd={entries.more}
      rowCount={entries.hasMore ? -1 : undefined}
      onOpen={(row) => void navigate({ search: (before) => ({ ...before, key: row.key, add: undefined }) })}
      empty={
        <EmptyState
          icon={Database}
          title={prefix === undefined ? "Nothing is kept here" : "No key begins like this"}
          command={prefix === undefined ? `sluice state set ${scope} greeting '"hello"'` : undefined}
        >
          {prefix === undefined && (
            <>
              Workflows keep values with <code className="font-mono">ctx.state</code>.
            </>
          )}
        </EmptyState>
      }
    />
  );
}

/** The beginning of a value on one line. */
function preview({ value, omitted }: Entry): string {
  if (omitted !== undefined) return "large value";
  const text = JSON.stringify(value) ?? "";
  return text.length > previewChars ? `${text.slice(0, previewChars)}…` : text;
}

const columns: readonly Column<Entry>[] = [
  {
    name: "key",
    label: "Key",
    cell: (row) => (
      <Mono truncate className="font-medium">
        {row.key}
      </Mono>
    ),
  },
  {
    name: "value",
    label: "Value",
    width: "minmax(0, 2fr)",
    cell: (row) => (
      <Mono truncate className={row.omitted === undefined ? "text-ink-soft" : "text-ink-faint italic"}>
        {preview(row)}
      </Mono>
    ),
  },
  { name: "version", label: "Version", width: "5rem", align: "end", from: "md", cell: (row) => row.version },
  {
    name: "expires",
    label: "Expires",
    width: "6rem",
    align: "end",
    from: "sm",
    cell: (row) =>
      row.expiresAt === null ? <span className="text-ink-faint">Never</span> : <Time at={row.expiresAt} />,
  },
];
