// The runs that a run started.
import { useNavigate } from "@tanstack/react-router";
import { ListTree } from "lucide-react";
import { useMemo } from "react";
import type { Answer } from "../api.ts";
import { usePages } from "../query.ts";
import { useSelection } from "../ui/selection.ts";
import { EmptyState, ErrorState } from "../ui/states.tsx";
import { VirtualTable } from "../ui/virtual-table.tsx";
import { useRunColumns } from "./run-columns.tsx";
import type { ListedRun } from "./words.ts";

const rowsOf = (page: Answer<"listRuns">): readonly ListedRun[] => page.runs;
const keyOf = (run: ListedRun) => run.id;
const pageRows = 200;
const unseen = () => () => {};

export function ChildrenTab({ run }: { readonly run: string }) {
  const navigate = useNavigate();
  const pages = usePages("listRuns", { query: { parent: run, limit: pageRows } }, { rowsOf });
  const selection = useSelection();
  const all = useRunColumns({ list: undefined, selection, see: unseen });
  const columns = useMemo(() => all.filter(({ name }) => name !== "select"), [all]);
  if (pages.error !== null && pages.rows.length === 0)
    return <ErrorState error={pages.error} onRetry={pages.refetch} />;
  return (
    <div className="-mx-4 h-full sm:-mx-6">
      <VirtualTable
        label="Child runs"
        columns={columns}
        rows={pages.rows}
        rowKey={keyOf}
        isPending={pages.isPending}
        onNearEnd={pages.more}
        onOpen={(child) => void navigate({ to: "/runs/$run", params: { run: child.id } })}
        empty={
          <EmptyState icon={ListTree} title="No child runs" command="await ctx.call(shipping, { order: input.id });">
            Runs that this one starts with <code>ctx.call</code> or <code>ctx.start</code> are listed here.
          </EmptyState>
        }
      />
    </div>
  );
}
