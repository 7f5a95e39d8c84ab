// The list of runs: filters in the URL, rows that keep their place while the server works, and actions on many at once.
import { runStatuses, runStatusReasons } from "@sluice/protocol";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { GitCompareArrows, ListTree, ListX } from "lucide-react";
import { useCallback, useEffect, useMemo, useState } from "react";
import { useToasts } from "../parts.ts";
import { useApi } from "../query.ts";
import { Page } from "../shell/page.tsx";
import { useActions } from "../shell/use-actions.ts";
import { reasonWords, runStatusLooks } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { FilterChips } from "../ui/filter-chips.tsx";
import { useSelection } from "../ui/selection.ts";
import type { Selection } from "../ui/selection.ts";
import { EmptyState, ErrorState } from "../ui/states.tsx";
import { NewRowsButton, VirtualTable } from "../ui/virtual-table.tsx";
import { AllMatching, BulkBar } from "./bulk-bar.tsx";
import { BulkDialog } from "./bulk-dialog.tsx";
import type { BulkTask } from "./bulk.ts";
import { timeSpanLabels } from "./run-filter.ts";
import type { RunSearch } from "./run-filter.ts";
import { useRunColumns } from "./run-columns.tsx";
import { useRunList } from "./use-run-list.ts";
import { timeSpans } from "./words.ts";
import type { ListedRun, TimeSpan } from "./words.ts";

const route = getRouteApi("/shell/runs/");
const runKey = (run: ListedRun) => run.id;

export function RunsPage() {
  const search = route.useSearch();
  const selection = useSelection();
  const [task, setTask] = useState<BulkTask>();
  const runs = useRunList(search);
  useListActions(search, setTask);
  const chosen = (runs.list?.rows ?? []).filter((run) => selection.keys.has(run.id));
  return (
    <Page full title="Runs" actions={<AllMatching onChoose={(action) => setTask({ action, search })} />}>
      <div className="flex h-full flex-col">
        <div className="border-b border-line px-4 pb-2.5 sm:px-6">
          <Filters search={search} />
        </div>
        <div className="relative min-h-0 grow">
          <Rows search={search} runs={runs} selection={selection} />
          {chosen.length > 0 && (
            <BulkBar
              runs={chosen.map((run) => runs.list?.current(run) ?? run)}
              loaded={runs.list?.rows ?? []}
              selection={selection}
              onChoose={(action, some) => setTask({ action, runs: some })}
            />
          )}
        </div>
      </div>
      <BulkDialog
        task={task}
        onClose={() => setTask(undefined)}
        onDone={() => {
          setTask(undefined);
          selection.set([]);
        }}
      />
    </Page>
  );
}

interface RowsProps {
  readonly search: RunSearch;
  readonly runs: ReturnType<typeof useRunList>;
  readonly selection: Selection;
}

function Rows({ search, runs, selection }: RowsProps) {
  const navigate = useNavigate();
  const { list, error, isPending, see } = runs;
  const toasts = useToasts();
  const columns = useRunColumns({ list, selection, see });
  const more = useMemo(() => () => void list?.more(), [list]);
  const show = useCallback(() => void list?.load().catch((error_: unknown) => toasts.fail(error_)), [list, toasts]);
  const isEmptied = list !== undefined && list.rows.length === 0 && list.newCount > 0;
  useEffect(() => {
    // There is nothing that could be pushed away.
    if (isEmptied) show();
  }, [isEmptied, show]);
  if (list === undefined && error !== null && !isPending) {
    return <ErrorState title="The runs could not be read" error={error} onRetry={runs.retry} />;
  }
  return (
    <>
      <NewRowsButton count={list?.newCount ?? 0} more={list?.hasUncounted} onShow={show} />
      <VirtualTable
        label="Runs"
        columns={columns}
        rows={list?.rows ?? []}
        rowKey={runKey}
        isPending={isPending}
        onNearEnd={more}
        onOpen={(run) => void navigate({ to: "/runs/$run", params: { run: run.id } })}
        selected={selection.keys}
        onSelect={(run) => selection.toggle(run.id)}
        rowCount={list?.hasMore === true ? -1 : undefined}
        empty={<NoRuns filtered={Object.keys(search).length > 0} />}
      />
      {list?.error !== undefined && (
        <div
          role="alert"
          className="absolute inset-x-0 bottom-0 flex items-center gap-3 border-t border-line bg-panel px-6 py-2 text-sm"
        >
          The rows below could not be read.
          <Button size="sm" onClick={more}>
            Try again
          </Button>
        </div>
      )}
    </>
  );
}

function NoRuns({ filtered }: { readonly filtered: boolean }) {
  const navigate = route.useNavigate();
  if (!filtered) {
    return (
      <EmptyState icon={ListTree} title="No runs yet" command="sluice run WORKFLOW --input '{}'">
        Start one from here or from a program: it shows up by itself.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={ListX}
      title="No run fits these filters"
      actions={<Button onClick={() => void navigate({ search: {} })}>Clear the filters</Button>}
    />
  );
}

const statusOptions = runStatuses.map((value) => ({ value, label: runStatusLooks[value].label }));
const reasonOptions = runStatusReasons.map((value) => ({ value, label: reasonWords(value) }));
const spanOptions = timeSpans.map((value) => ({ value, label: timeSpanLabels[value] }));

function Filters({ search }: { readonly search: RunSearch }) {
  const navigate = route.useNavigate();
  const workflows = useApi("listWorkflows", {}, { staleMs: 60_000 });
  const list = (value: string | undefined) => (value === undefined ? [] : [value]);
  const names = (workflows.data?.workflows ?? []).map(({ name }) => ({ value: name, label: name }));
  const change = (name: string, values: readonly string[]) => {
    // The URL has one workflow, one time; of several the one chosen last counts.
    const value = name === "status" || name === "reason" ? values : values.at(-1);
    void navigate({
      search: (before) => ({ ...before, [name]: value === undefined || value.length === 0 ? undefined : value }),
    });
  };
  const time: readonly string[] =
    search.within === undefined
      ? search.from === undefined && search.to === undefined
        ? []
        : ["chosen"]
      : [search.within];
  return (
    <FilterChips
      filters={[
        { name: "status", label: "Status", values: search.status ?? [], options: statusOptions },
        { name: "reason", label: "Reason", values: search.reason ?? [], options: reasonOptions },
        {
          name: "workflow",
          label: "Workflow",
          values: list(search.workflow),
          ...(names.length > 0 ? { options: names } : {}),
        },
        {
          name: "within",
          label: "Time",
          values: time,
          options: time[0] === "chosen" ? [...spanOptions, { value: "chosen", label: "Chosen time" }] : spanOptions,
        },
        { name: "ended", label: "Ended", values: list(search.ended), options: spanOptions },
        { name: "tag", label: "Tag", values: list(search.tag), placeholder: "customer-17" },
        { name: "parent", label: "Parent", values: list(search.parent), placeholder: "Id of a run" },
        { name: "version", label: "Version", values: list(search.version), placeholder: "Hash of the code" },
        { name: "chain", label: "Chain", values: list(search.chain), placeholder: "Id of its first run" },
        { name: "attr", label: "Attributes", values: list(search.attr), placeholder: "total>=100" },
      ]}
      onChange={(name, values) => {
        if (name !== "within") return change(name, values);
        const within = values.findLast((value) => value !== "chosen") as TimeSpan | undefined;
        void navigate({ search: (before) => ({ ...before, within, from: undefined, to: undefined }) });
        return undefined;
      }}
    />
  );
}

function useListActions(search: RunSearch, setTask: (task: BulkTask) => void): void {
  const navigate = useNavigate();
  useActions(
    useMemo(
      () => [
        {
          id: "runs:failed",
          group: "Runs",
          label: "Show failed runs",
          icon: ListX,
          run: () => void navigate({ to: "/runs", search: { status: ["failed", "timedout"] } }),
        },
        {
          id: "runs:unfinished",
          group: "Runs",
          label: "Show unfinished runs",
          icon: ListTree,
          run: () =>
            void navigate({ to: "/runs", search: { status: ["queued", "running", "waiting", "paused", "undoing"] } }),
        },
        {
          id: "runs:compare",
          group: "Runs",
          label: "Compare two runs",
          icon: GitCompareArrows,
          run: () => void navigate({ to: "/runs/compare" }),
        },
        ...(["cancel", "retry", "pause", "resume", "fork", "delete"] as const).map((action) => ({
          id: `runs:${action}`,
          group: "Runs",
          label: `${action[0]?.toUpperCase()}${action.slice(1)} all that match…`,
          needs: action === "resume" ? ("run:pause" as const) : (`run:${action}` as const),
          run: () => setTask({ action, search }),
        })),
      ],
      [navigate, search, setTask],
    ),
  );
}
