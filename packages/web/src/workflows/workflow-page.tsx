// One workflow: how it is doing, its graph, what starts it, its versions and what it takes.
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { ListTree, Play } from "lucide-react";
import { lazy, Suspense, useMemo } from "react";
import { useLiveRefresh } from "../live/use-live.ts";
import { useApi } from "../query.ts";
import { useMay } from "../session/session.ts";
import { Page } from "../shell/page.tsx";
import { useActions } from "../shell/use-actions.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { ErrorState, Skeleton, SkeletonRows } from "../ui/states.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { Text } from "../ui/text.tsx";
import { HealthBadge } from "./health.tsx";
import { InputTab } from "./input-tab.tsx";
import { OverviewTab } from "./overview-tab.tsx";
import { ResultsTab } from "./results-tab.tsx";
import { TriggersTab } from "./triggers-tab.tsx";
import { VersionsTab } from "./versions-tab.tsx";
import type { Stats, Workflow, WorkflowTab } from "./words.ts";

const route = getRouteApi("/shell/workflows/$name/");
const GraphTab = lazy(async () => ({ default: (await import("./graph-tab.tsx")).GraphTab }));

export function WorkflowPage() {
  const { name } = route.useParams();
  const workflow = useApi("getWorkflow", { params: { name } });
  const stats = useApi("getWorkflowStats", { params: { name } });
  useLiveRefresh("overview", ["getWorkflowStats"]);
  useLiveRefresh("workers", ["getWorkflow"]);
  const gone = workflow.error?.code === "workflow_not_found";
  return (
    <Page
      title={<Text truncate>{name}</Text>}
      detail={<Detail stats={stats.data?.stats} gone={gone} />}
      actions={<PageActions name={name} deployed={workflow.data !== undefined} />}
    >
      {workflow.data !== undefined ? (
        <Views workflow={workflow.data.workflow} stats={stats.data?.stats} />
      ) : workflow.error === null ? (
        <SkeletonRows rows={6} />
      ) : (
        <>
          <ErrorState error={workflow.error} onRetry={() => void workflow.refetch()} />
          {gone && stats.data !== undefined && (
            <OverviewTab name={name} workflow={undefined} stats={stats.data.stats} />
          )}
        </>
      )}
    </Page>
  );
}

function Detail({ stats, gone }: { readonly stats: Stats | undefined; readonly gone: boolean }) {
  return (
    <>
      {stats !== undefined && <HealthBadge health={stats.health} />}
      {gone && <Badge>not deployed</Badge>}
    </>
  );
}

function PageActions({ name, deployed }: { readonly name: string; readonly deployed: boolean }) {
  const navigate = useNavigate();
  const may = useMay("run:start", name) && deployed;
  useActions(
    useMemo(
      () => [
        ...(may
          ? [
              {
                id: "workflow:start",
                group: "This workflow",
                label: "Start a run",
                icon: Play,
                keys: "s",
                run: () => void navigate({ to: "/workflows/$name/start", params: { name } }),
              },
            ]
          : []),
        {
          id: "workflow:runs",
          group: "This workflow",
          label: "Show its runs",
          icon: ListTree,
          needs: "run:read" as const,
          run: () => void navigate({ to: "/runs", search: { workflow: name } }),
        },
        {
          id: "workflow:failed",
          group: "This workflow",
          label: "Show its failed runs",
          icon: ListTree,
          needs: "run:read" as const,
          run: () => void navigate({ to: "/runs", search: { workflow: name, status: ["failed", "timedout"] } }),
        },
      ],
      [navigate, name, may],
    ),
  );
  return (
    <>
      <Button asChild>
        <Link to="/runs" search={{ workflow: name }}>
          <ListTree aria-hidden className="size-3.5" /> Runs
        </Link>
      </Button>
      {may && (
        <Button tone="primary" asChild>
          <Link to="/workflows/$name/start" params={{ name }}>
            <Play aria-hidden className="size-3.5" /> Start
          </Link>
        </Button>
      )}
    </>
  );
}

interface ViewsProps {
  readonly workflow: Workflow;
  readonly stats: Stats | undefined;
}

function Views({ workflow, stats }: ViewsProps) {
  const { tab = "overview" } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <>
      {workflow.description !== null && (
        <p className="-mt-1 mb-2 max-w-3xl text-sm text-ink-soft">
          <Text>{workflow.description}</Text>
        </p>
      )}
      <Tabs
        label="Views of the workflow"
        tabs={[
          { name: "overview", label: "Overview" },
          { name: "graph", label: "Graph" },
          { name: "triggers", label: "Triggers", count: workflow.triggers.length },
          { name: "versions", label: "Versions" },
          { name: "results", label: "Results" },
          { name: "input", label: "Input" },
        ]}
        current={tab}
        onChange={(next) => void navigate({ search: { tab: next === "overview" ? undefined : next }, replace: true })}
      >
        <View tab={tab} workflow={workflow} stats={stats} />
      </Tabs>
    </>
  );
}

function View({ tab, workflow, stats }: ViewsProps & { readonly tab: WorkflowTab }) {
  switch (tab) {
    case "overview":
      return <OverviewTab name={workflow.name} workflow={workflow} stats={stats} />;
    case "graph":
      return (
        <Suspense fallback={<Skeleton className="h-96 w-full rounded-lg" />}>
          <GraphTab workflow={workflow.name} />
        </Suspense>
      );
    case "triggers":
      return <TriggersTab workflow={workflow} />;
    case "versions":
      return <VersionsTab workflow={workflow} />;
    case "results":
      return <ResultsTab workflow={workflow.name} />;
    default:
      return <InputTab workflow={workflow} />;
  }
}
