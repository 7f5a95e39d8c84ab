// The inbox: what waits for a decision at the left, the chosen one beside it, over it on narrow pages.
import { getRouteApi, Link } from "@tanstack/react-router";
import { CheckCheck, Stamp } from "lucide-react";
import { useMemo, useRef } from "react";
import type { RefObject } from "react";
import { useLiveRefresh } from "../live/use-live.ts";
import { useToasts } from "../parts.ts";
import type { Answer } from "../api.ts";
import { usePages } from "../query.ts";
import { Page } from "../shell/page.tsx";
import { useActions } from "../shell/use-actions.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { useIsWide } from "../ui/columns.ts";
import type { Column } from "../ui/columns.ts";
import { Drawer } from "../ui/dialog.tsx";
import { FilterChips } from "../ui/filter-chips.tsx";
import { EmptyState, ErrorState } from "../ui/states.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time, useNow } from "../ui/time.tsx";
import { visibleText } from "../ui/visible-text.ts";
import { VirtualTable } from "../ui/virtual-table.tsx";
import { ApprovalDetail } from "./approval-detail.tsx";
import { afterDecision, approvalKey, askedOf, inboxOf } from "./inbox.ts";
import type { ListedApproval } from "./inbox.ts";

const route = getRouteApi("/shell/approvals");
/** Of a page; the next one is read when its end comes into sight. */
const pageMax = 200;
const rowsOf = (page: Answer<"listApprovals">): readonly ListedApproval[] => page.approvals;
const soonMs = 60 * 60_000;

export function ApprovalsPage() {
  const search = route.useSearch();
  const inbox = usePages(
    "listApprovals",
    { query: { run: search.run, limit: pageMax } },
    { rowsOf, keepPrevious: true },
  );
  useLiveRefresh("approvals", ["listApprovals"]);
  const all = inbox.rows;
  const shown = useMemo(() => inboxOf(all, search), [all, search]);
  const count = inbox.hasMore ? `${all.length} and more` : all.length;
  return (
    <Page
      full
      title="Approvals"
      detail={all.length > 0 && <span className="tabular text-sm text-ink-faint">{count} waiting</span>}
    >
      {all.length === 0 && inbox.error !== null ? (
        <ErrorState title="The approvals could not be read" error={inbox.error} onRetry={inbox.refetch} />
      ) : (
        <div className="flex h-full flex-col">
          <Filters all={all} />
          <Inbox approvals={shown} isPending={inbox.isPending} onStale={inbox.refetch} onNearEnd={inbox.more} />
        </div>
      )}
    </Page>
  );
}

function Filters({ all }: { readonly all: readonly ListedApproval[] }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const workflows = [...new Set([...all.map(({ workflow }) => workflow), search.workflow ?? ""])].filter(Boolean);
  if (all.length === 0 && search.run === undefined && search.workflow === undefined) return null;
  return (
    <div className="border-b border-line px-4 pb-2.5 sm:px-6">
      <FilterChips
        filters={[
          {
            name: "workflow",
            label: "Workflow",
            values: search.workflow === undefined ? [] : [search.workflow],
            options: workflows.map((value) => ({ value, label: visibleText(value) })),
          },
          {
            name: "run",
            label: "Run",
            values: search.run === undefined ? [] : [search.run],
            placeholder: "Id of a run",
          },
        ]}
        onChange={(name, values) =>
          void navigate({ search: (before) => ({ ...before, [name]: values.at(-1), open: undefined }), replace: true })
        }
      />
    </div>
  );
}

/** What has been decided, for whoever waits for the next one. */
function useDecided(approvals: readonly ListedApproval[]) {
  const toasts = useToasts();
  const navigate = route.useNavigate();
  const goTo = (open: string | undefined) =>
    void navigate({ search: (before) => ({ ...before, open }), replace: true });
  return {
    goTo,
    decided: (approval: ListedApproval, approved: boolean) => {
      toasts.show({
        tone: "good",
        title: `${approved ? "Approved" : "Denied"}: ${visibleText(approval.name)}`,
        action: {
          label: "Open the run",
          run: () => void navigate({ to: "/runs/$run", params: { run: approval.run } }),
        },
      });
      goTo(afterDecision(approvals, approvalKey(approval)));
    },
  };
}

interface InboxProps {
  readonly approvals: readonly ListedApproval[];
  readonly isPending: boolean;
  readonly onStale: () => void;
  readonly onNearEnd: () => void;
}

function Inbox({ approvals, isPending, onStale, onNearEnd }: InboxProps) {
  const search = route.useSearch();
  const wide = useIsWide("lg");
  const { goTo, decided } = useDecided(approvals);
  const buttons = { approve: useRef<HTMLButtonElement>(null), deny: useRef<HTMLButtonElement>(null) };
  const selected = approvals.find((approval) => approvalKey(approval) === search.open);
  const open = selected ?? (wide && search.open === undefined ? approvals[0] : undefined);
  const columns = useColumns();
  useKeys(buttons);
  if (!isPending && approvals.length === 0) return <NothingWaits />;
  const detail = open !== undefined && (
    <ApprovalDetail
      approval={open}
      onDecided={(approved) => decided(open, approved)}
      onStale={onStale}
      approveButton={buttons.approve}
      denyButton={buttons.deny}
    />
  );
  return (
    <div className="flex min-h-0 grow">
      <div className="min-w-0 grow">
        <VirtualTable
          label="Approvals"
          columns={columns}
          rows={approvals}
          rowKey={approvalKey}
          isPending={isPending}
          onNearEnd={onNearEnd}
          onOpen={(approval) => goTo(approvalKey(approval))}
        />
      </div>
      {wide ? (
        <aside aria-label="Approval" className="w-120 shrink-0 overflow-y-auto border-l border-line bg-panel">
          {detail === false ? <Gone missing={search.open !== undefined && !isPending} /> : detail}
        </aside>
      ) : (
        <Drawer open={detail !== false} onClose={() => goTo(undefined)} title="Approval">
          {detail}
        </Drawer>
      )}
    </div>
  );
}

function Gone({ missing }: { readonly missing: boolean }) {
  return missing ? (
    <EmptyState icon={CheckCheck} title="This one is decided">
      Somebody has decided it, it has expired, or its run has ended.
    </EmptyState>
  ) : null;
}

function NothingWaits() {
  const search = route.useSearch();
  const filtered = search.workflow !== undefined || search.run !== undefined;
  return (
    <EmptyState
      icon={filtered ? Stamp : CheckCheck}
      title={filtered ? "Nothing that fits waits for a decision" : "Nothing waits for a decision"}
      command={filtered ? undefined : 'await ctx.approve("manager", { timeout: "2 days" })'}
      actions={
        filtered && (
          <Button asChild>
            <Link to="/approvals">Clear the filters</Link>
          </Button>
        )
      }
    >
      A workflow asks for one with <code className="font-mono">ctx.approve</code>. It shows up here by itself.
    </EmptyState>
  );
}

function useColumns(): readonly Column<ListedApproval>[] {
  return useMemo(
    () => [
      {
        name: "name",
        label: "Asked for",
        width: "minmax(6rem, 1fr)",
        cell: (row) => (
          <div className="flex min-w-0 items-baseline gap-2">
            <Text truncate className="shrink-0 max-w-full font-medium">
              {row.name}
            </Text>
            <Text truncate className="min-w-0 text-ink-faint">
              {row.description ?? ""}
            </Text>
          </div>
        ),
      },
      {
        name: "asked",
        label: "Asked of",
        width: "minmax(0, 9rem)",
        from: "xl",
        cell: (row) => (
          <Text truncate className="text-ink-soft">
            {askedOf(row)}
          </Text>
        ),
      },
      {
        name: "workflow",
        label: "Workflow",
        width: "minmax(0, 9rem)",
        from: "md",
        cell: (row) => <Text truncate>{row.workflow}</Text>,
      },
      {
        name: "run",
        label: "Run",
        width: "10rem",
        from: "xl",
        cell: (row) => (
          <Mono truncate className="text-ink-faint">
            {row.run}
          </Mono>
        ),
      },
      { name: "waits", label: "Asked", width: "5rem", align: "end", cell: (row) => <Time at={row.createdAt} /> },
      {
        name: "expires",
        label: "Expires",
        width: "6rem",
        align: "end",
        from: "sm",
        cell: (row) => <Expires at={row.expiresAt} />,
      },
    ],
    [],
  );
}

function Expires({ at }: { readonly at: number | null }) {
  const now = useNow(60_000);
  if (at === null) return <span className="text-ink-faint">Never</span>;
  return at - now < soonMs ? (
    <Badge tone="warn">
      <Time at={at} />
    </Badge>
  ) : (
    <Time at={at} />
  );
}

/** A key leads to the button; Enter there decides. One key alone never does. */
function useKeys(buttons: {
  readonly approve: RefObject<HTMLButtonElement | null>;
  readonly deny: RefObject<HTMLButtonElement | null>;
}): void {
  const { approve, deny } = buttons;
  useActions(
    useMemo(
      () => [
        {
          id: "approval:approve",
          group: "This approval",
          label: "Approve, with Enter",
          keys: "a",
          needs: "approval:decide",
          run: () => approve.current?.focus(),
        },
        {
          id: "approval:deny",
          group: "This approval",
          label: "Deny, with Enter",
          keys: "d",
          needs: "approval:decide",
          run: () => deny.current?.focus(),
        },
      ],
      [approve, deny],
    ),
  );
}
