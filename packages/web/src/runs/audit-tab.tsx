// Who did what to a run.
import { ScrollText } from "lucide-react";
import type { Answer } from "../api.ts";
import { usePages } from "../query.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import type { Column } from "../ui/columns.ts";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";

type AuditRow = Answer<"searchAudit">["records"][number];
const rowsOf = (page: Answer<"searchAudit">): readonly AuditRow[] => page.records;

const columns: readonly Column<AuditRow>[] = [
  { name: "at", label: "When", cell: ({ at }) => <Time at={at} className="whitespace-nowrap text-ink-soft" /> },
  { name: "action", label: "What", cell: ({ action }) => <Mono>{action}</Mono> },
  { name: "actor", label: "Who", cell: ({ actor, actorName }) => <Text>{actorName ?? actor}</Text> },
  {
    name: "outcome",
    label: "Outcome",
    cell: ({ outcome }) => (
      <Badge tone={outcome === "done" ? "good" : outcome === "refused" || outcome === "failed" ? "bad" : "neutral"}>
        {outcome}
      </Badge>
    ),
  },
  { name: "address", label: "From", from: "md", cell: ({ address }) => <Mono>{address ?? "–"}</Mono> },
];

export function AuditTab({ run }: { readonly run: string }) {
  const pages = usePages("searchAudit", { query: { target: `run:${run}` } }, { rowsOf });
  if (pages.isPending) return <SkeletonRows rows={4} />;
  if (pages.error !== null && pages.rows.length === 0)
    return <ErrorState error={pages.error} onRetry={pages.refetch} />;
  return (
    <div className="-mx-4 h-full overflow-y-auto sm:-mx-4">
      <Table
        label="Audit"
        columns={columns}
        rows={pages.rows}
        rowKey={({ seq }) => String(seq)}
        empty={
          <EmptyState icon={ScrollText} title="Nobody has touched this run">
            Starting, cancelling, retrying and everything else that somebody does to it is listed here.
          </EmptyState>
        }
      />
      {pages.hasMore && (
        <div className="flex justify-center py-3">
          <Button size="sm" busy={pages.isFetching} onClick={pages.more}>
            More
          </Button>
        </div>
      )}
    </div>
  );
}
