// Who did what, on what, from where: searched, looked at row by row, checked and taken out.
import { getRouteApi } from "@tanstack/react-router";
import { CircleX, Download, ScrollText, ShieldCheck } from "lucide-react";
import { useMemo, useState } from "react";
import { apiUrl } from "../api.ts";
import type { Answer } from "../api.ts";
import { usePages } from "../query.ts";
import { useActions } from "../shell/use-actions.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import type { Column } from "../ui/columns.ts";
import { Input } from "../ui/field.tsx";
import { FilterChips } from "../ui/filter-chips.tsx";
import { EmptyState, ErrorState } from "../ui/states.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { VirtualTable } from "../ui/virtual-table.tsx";
import { outcomeTones } from "./audit-looks.ts";
import { AuditRecordDrawer } from "./audit-record.tsx";
import { VerifyDialog } from "./verify-dialog.tsx";

const route = getRouteApi("/shell/settings/audit");
export type AuditRow = Answer<"searchAudit">["records"][number];
const rowsOf = (page: Answer<"searchAudit">): readonly AuditRow[] => page.records;

const outcomes = [
  { value: "done", label: "Done" },
  { value: "refused", label: "Refused" },
  { value: "failed", label: "Failed" },
  { value: "intended", label: "Intended" },
] as const;

const columns: readonly Column<AuditRow>[] = [
  {
    name: "at",
    label: "When",
    width: "minmax(4.5rem, 7rem)",
    cell: ({ at }) => <Time at={at} className="whitespace-nowrap text-ink-soft" />,
  },
  {
    name: "actor",
    label: "Who",
    width: "minmax(6rem, 12rem)",
    cell: ({ actor, actorName }) => <Text truncate>{actorName ?? actor}</Text>,
  },
  { name: "action", label: "Did", width: "minmax(7rem, 12rem)", cell: (row) => <Did row={row} /> },
  {
    name: "target",
    label: "On",
    from: "md",
    cell: ({ target }) => (
      <Mono truncate className="text-ink-soft">
        {target}
      </Mono>
    ),
  },
  {
    name: "outcome",
    label: "Outcome",
    width: "6rem",
    from: "sm",
    cell: ({ outcome }) => <Badge tone={outcomeTones[outcome]}>{outcome}</Badge>,
  },
  {
    name: "address",
    label: "From",
    width: "9rem",
    from: "xl",
    cell: ({ address }) => (
      <Mono truncate className="text-ink-soft">
        {address ?? "–"}
      </Mono>
    ),
  },
];

/** On phones there is no room for the outcome: what was not done has a sign. */
function Did({ row: { action, outcome } }: { readonly row: AuditRow }) {
  return (
    <span className="flex items-center gap-1.5">
      <Mono truncate>{action}</Mono>
      {(outcome === "refused" || outcome === "failed") && (
        <span className="shrink-0 text-bad sm:hidden">
          <CircleX aria-hidden className="size-3.5" />
          <span className="sr-only">{outcome}</span>
        </span>
      )}
    </span>
  );
}

/** The filter as the API takes it. */
function useAuditFilter() {
  const { text, actor, action, target, outcome, from, to } = route.useSearch();
  return useMemo(
    () => ({ text, actor, action, target, outcome, from, to }),
    [text, actor, action, target, outcome, from, to],
  );
}

function useVerifyAction(show: (shown: boolean) => void): void {
  useActions(
    useMemo(
      () => [
        {
          id: "audit:verify",
          group: "Audit",
          label: "Verify the audit trail",
          icon: ShieldCheck,
          run: () => show(true),
        },
      ],
      [show],
    ),
  );
}

function AuditButtons({ onVerify }: { readonly onVerify: () => void }) {
  const filter = useAuditFilter();
  return (
    <>
      <Button size="sm" icon={ShieldCheck} onClick={onVerify}>
        Verify
      </Button>
      <Button asChild size="sm">
        <a href={apiUrl("exportAudit", { query: filter })} download>
          <Download aria-hidden className="size-3.5" /> Export
        </a>
      </Button>
    </>
  );
}

export function AuditPage() {
  const { row } = route.useSearch();
  const navigate = route.useNavigate();
  const filter = useAuditFilter();
  const [verifies, setVerifies] = useState(false);
  const records = usePages("searchAudit", { query: { ...filter, limit: 100 } }, { rowsOf, keepPrevious: true });
  const show = (seq: number | undefined) => void navigate({ search: (before) => ({ ...before, row: seq }) });
  const filtered = Object.values(filter).some((value) => value !== undefined);
  useVerifyAction(setVerifies);
  return (
    <Card title="Audit" flush actions={<AuditButtons onVerify={() => setVerifies(true)} />}>
      <AuditFilters />
      <div className="h-[max(20rem,calc(100dvh-17rem))]">
        {records.error !== null && records.rows.length === 0 ? (
          <ErrorState error={records.error} onRetry={records.refetch} />
        ) : (
          <VirtualTable
            label="Audit trail"
            columns={columns}
            rows={records.rows}
            rowKey={({ seq }) => String(seq)}
            isPending={records.isPending}
            onNearEnd={records.more}
            onOpen={({ seq }) => show(seq)}
            rowCount={records.hasMore ? -1 : undefined}
            empty={
              <EmptyState icon={ScrollText} title={filtered ? "Nothing fits" : "Nothing was done yet"}>
                {filtered
                  ? "Take a filter away, or look further back."
                  : "Whatever somebody does, and whatever they are refused, is written down here."}
              </EmptyState>
            }
          />
        )}
      </div>
      {row !== undefined && (
        <AuditRecordDrawer
          seq={row}
          known={records.rows.find(({ seq }) => seq === row)}
          onShow={show}
          onClose={() => show(undefined)}
        />
      )}
      {verifies && (
        <VerifyDialog
          onClose={() => setVerifies(false)}
          onShow={(seq) => {
            setVerifies(false);
            show(seq);
          }}
        />
      )}
    </Card>
  );
}

function AuditFilters() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const set = (name: string, value: string | undefined) =>
    void navigate({ search: (before) => ({ ...before, [name]: value }), replace: true });
  const one = (value: string | undefined) => (value === undefined ? [] : [value]);
  return (
    <div className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2 sm:px-6">
      <div className="w-56 max-sm:w-full">
        <Input
          type="search"
          aria-label="Find in the audit trail"
          placeholder="Anything in a row"
          value={search.text ?? ""}
          onChange={({ target }) => set("text", target.value || undefined)}
        />
      </div>
      <FilterChips
        filters={[
          { name: "actor", label: "Who", values: one(search.actor), placeholder: "user, or user:usr_…" },
          { name: "action", label: "Action", values: one(search.action), placeholder: "run:cancel, or user:*" },
          { name: "target", label: "On", values: one(search.target), placeholder: "run:run_…, or user:*" },
          { name: "outcome", label: "Outcome", values: one(search.outcome), options: outcomes },
          { name: "from", label: "Since", values: one(search.from), placeholder: "2030-01-31T12:00Z" },
          { name: "to", label: "Before", values: one(search.to), placeholder: "2030-02-01T00:00Z" },
        ]}
        // One outcome at a time: the one that was ticked last.
        onChange={(name, values) => set(name, values.at(-1))}
      />
    </div>
  );
}
