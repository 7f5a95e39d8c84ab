// The list of workflows: how each of them is and what it did in the last day.
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { ListX, Workflow } from "lucide-react";
import { useMemo } from "react";
import { useLiveRefresh } from "../live/use-live.ts";
import { useApi } from "../query.ts";
import { Page } from "../shell/page.tsx";
import { Button } from "../ui/button.tsx";
import { Input } from "../ui/field.tsx";
import { FilterChips } from "../ui/filter-chips.tsx";
import { Select } from "../ui/select.tsx";
import { EmptyState, ErrorState } from "../ui/states.tsx";
import { formatCount } from "../ui/time-format.ts";
import { VirtualTable } from "../ui/virtual-table.tsx";
import { healthLooks } from "./health.tsx";
import { useWorkflowColumns } from "./workflow-columns.tsx";
import { chosen, joined } from "./workflow-rows.ts";
import type { WorkflowRow, WorkflowSearch } from "./workflow-rows.ts";
import { healths, triggerKinds } from "./words.ts";
import type { WorkflowOrder } from "./words.ts";

const route = getRouteApi("/shell/workflows/");
const rowKey = (row: WorkflowRow) => row.name;
const none: readonly never[] = [];

export function WorkflowsPage() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const workflows = useApi("listWorkflows", {});
  const stats = useApi("listWorkflowStats", {});
  useLiveRefresh("overview", ["listWorkflowStats"]);
  useLiveRefresh("workers", ["listWorkflows"]);
  const deployed = workflows.data?.workflows;
  const figures = stats.data?.workflows ?? none;
  const all = useMemo(() => joined(deployed ?? none, figures), [deployed, figures]);
  const rows = useMemo(() => chosen(all, search), [all, search]);
  const columns = useWorkflowColumns(stats.isPending);
  if (workflows.error !== null && deployed === undefined) {
    return (
      <Page title="Workflows">
        <ErrorState
          title="The workflows could not be read"
          error={workflows.error}
          onRetry={() => void workflows.refetch()}
        />
      </Page>
    );
  }
  return (
    <Page
      full
      title="Workflows"
      detail={
        deployed !== undefined && <span className="tabular text-sm text-ink-faint">{formatCount(all.length)}</span>
      }
    >
      <div className="flex h-full flex-col">
        <Filters search={search} />
        {stats.error !== null && stats.data === undefined && (
          <p role="status" className="border-b border-line bg-warn-soft px-4 py-1.5 text-xs text-warn sm:px-6">
            The figures could not be read: {stats.error.message}
          </p>
        )}
        <div className="relative min-h-0 grow">
          <VirtualTable
            label="Workflows"
            columns={columns}
            rows={rows}
            rowKey={rowKey}
            isPending={workflows.isPending}
            onOpen={({ name }) => void navigate({ to: "/workflows/$name", params: { name } })}
            empty={<Nothing any={all.length > 0} />}
          />
        </div>
      </div>
    </Page>
  );
}

function Nothing({ any }: { readonly any: boolean }) {
  const navigate = route.useNavigate();
  if (any) {
    return (
      <EmptyState
        icon={ListX}
        title="No workflow fits"
        actions={<Button onClick={() => void navigate({ search: {} })}>Clear the filters</Button>}
      />
    );
  }
  return (
    <EmptyState icon={Workflow} title="No workflows yet" command="sluice init my-project">
      A file below workflows/ that exports a workflow is deployed by itself when it is saved.
    </EmptyState>
  );
}

const orderLabels: Readonly<Record<WorkflowOrder, string>> = {
  name: "Name",
  "last-run": "Last run",
  runs: "Most runs",
  failures: "Most failures",
  unfinished: "Most unfinished",
  p95: "Slowest",
};
const orderOptions = Object.entries(orderLabels).map(([value, label]) => ({ value: value as WorkflowOrder, label }));
const triggerLabels = {
  webhook: "Webhook",
  schedule: "Schedule",
  poll: "Poll",
  event: "Event",
  file: "Files",
  manual: "Form",
  none: "None",
} as const;

function Filters({ search }: { readonly search: WorkflowSearch }) {
  const navigate = route.useNavigate();
  return (
    <div className="flex flex-wrap items-center gap-2 border-b border-line px-4 pb-2.5 sm:px-6">
      <Input
        type="search"
        aria-label="Find a workflow"
        placeholder="Find"
        value={search.q ?? ""}
        className="h-7 w-full sm:w-56"
        onChange={(event) =>
          void navigate({ search: (before) => ({ ...before, q: event.target.value || undefined }), replace: true })
        }
      />
      <FilterChips
        filters={[
          {
            name: "health",
            label: "Health",
            values: search.health ?? [],
            options: healths.map((value) => ({ value, label: healthLooks[value].label })),
          },
          {
            name: "trigger",
            label: "Trigger",
            values: search.trigger ?? [],
            options: triggerKinds.map((value) => ({ value, label: triggerLabels[value] })),
          },
        ]}
        onChange={(name, values) =>
          void navigate({ search: (before) => ({ ...before, [name]: values.length === 0 ? undefined : values }) })
        }
      />
      <div className="ml-auto flex items-center gap-2 text-xs text-ink-faint">
        Order
        <Select
          label="Order"
          className="h-7"
          value={search.sort ?? "name"}
          options={orderOptions}
          onChange={(sort) =>
            void navigate({
              search: (before) => ({ ...before, sort: sort === "name" ? undefined : sort }),
              replace: true,
            })
          }
        />
      </div>
    </div>
  );
}
