// One build: how it stands, its tasks as a list, a graph and over time, and one of them with what it wrote.
import { getRouteApi } from "@tanstack/react-router";
import { Ban, ListTree, RotateCcw } from "lucide-react";
import { useMemo } from "react";
import { useApi, useCall } from "../query.ts";
import { useMay } from "../session/session.ts";
import { Page } from "../shell/page.tsx";
import { Button } from "../ui/button.tsx";
import { Card, Stat } from "../ui/card.tsx";
import type { Column } from "../ui/columns.ts";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { formatCount } from "../ui/time-format.ts";
import { Duration, Elapsed, Time, useNow } from "../ui/time.tsx";
import { visibleText } from "../ui/visible-text.ts";
import { BuildBadge, TaskBadge } from "./looks.tsx";
import { TaskGraph } from "./task-graph.tsx";
import { TaskPanel } from "./task-panel.tsx";
import { Waterfall } from "./waterfall.tsx";
import { criticalPath, hitRatio, timesOf } from "./words.ts";
import type { Build, Task } from "./words.ts";

const route = getRouteApi("/shell/builds/$build");
const refreshMs = 1_000;
/** The server's own workflow that begins builds. */
const startWorkflow = "build.start";

export function BuildPage() {
  const { build: id } = route.useParams();
  const build = useApi("getBuild", { params: { id } }, { refetchMs: refreshMs });
  const tasks = useApi("listBuildTasks", { params: { id } }, { refetchMs: refreshMs });
  const error = build.error ?? tasks.error;
  if (build.data === undefined || tasks.data === undefined) {
    return (
      <Page title={visibleText(id)}>
        {error === null ? (
          <SkeletonRows />
        ) : (
          <ErrorState error={error} onRetry={() => void Promise.all([build.refetch(), tasks.refetch()])} />
        )}
      </Page>
    );
  }
  return <Shown build={build.data.build} tasks={tasks.data.tasks} />;
}

interface ShownProps {
  readonly build: Build;
  readonly tasks: readonly Task[];
}

function Shown({ build, tasks }: ShownProps) {
  const { task: chosen } = route.useSearch();
  const navigate = route.useNavigate();
  const select = (task: string | undefined): void =>
    void navigate({ search: (before) => ({ ...before, task }), replace: true });
  const shown = tasks.find(({ id }) => id === chosen);
  return (
    <Page
      title={<Text>{build.target}</Text>}
      detail={
        <span className="flex min-w-0 flex-wrap items-center gap-2">
          <BuildBadge status={build.status} />
          <Mono truncate className="max-w-full text-xs text-ink-soft">
            {build.root === null ? (build.worker ?? "") : `${build.machine ?? ""}:${build.root}`}
          </Mono>
        </span>
      }
      actions={build.endedAt === null ? <Cancel build={build} /> : <Again build={build} />}
    >
      <div className="flex flex-col gap-4">
        {build.message !== null && (
          <Card>
            <Text className="text-sm text-ink-soft">{build.message}</Text>
          </Card>
        )}
        <Figures build={build} tasks={tasks} />
        <Views build={build} tasks={tasks} select={select} selected={chosen} />
      </div>
      {shown !== undefined && <TaskPanel build={build} task={shown} onClose={() => select(undefined)} />}
    </Page>
  );
}

function Cancel({ build }: { readonly build: Build }) {
  const may = useMay("build:cancel");
  const cancel = useCall("cancelBuild", { done: "It ends", changes: ["getBuild", "listBuildTasks"] });
  if (!may) return null;
  return (
    <Button icon={Ban} busy={cancel.isPending} onClick={() => cancel.mutate({ params: { id: build.id }, body: {} })}>
      Cancel
    </Button>
  );
}

/** By the server, where the workspace is the one that it runs over. */
function Again({ build }: { readonly build: Build }) {
  const navigate = route.useNavigate();
  const may = useMay("run:start", startWorkflow);
  const start = useCall("startRun", {
    onDone: ({ run }) => void navigate({ to: "/runs/$run", params: { run: run.id } }),
  });
  if (!may || !build.here || build.root === null) return null;
  const input = { root: build.root, tasks: build.target.split(" "), force: true };
  return (
    <Button
      icon={RotateCcw}
      busy={start.isPending}
      onClick={() => start.mutate({ params: { name: startWorkflow }, body: { input } })}
    >
      Build again without the cache
    </Button>
  );
}

function Figures({ build, tasks }: ShownProps) {
  const now = useNow();
  const way = useMemo(() => criticalPath(tasks), [tasks]);
  const { atOnce } = timesOf(tasks, now);
  const ratio = hitRatio(build);
  const begun = build.startedAt ?? build.createdAt;
  return (
    <div className="grid grid-cols-2 gap-4 rounded-lg border border-line bg-panel p-4 shadow-card md:grid-cols-5">
      <Stat label="Took" value={<Elapsed from={begun} to={build.endedAt} />} detail={<Time at={begun} />} />
      <Stat
        label="Tasks"
        value={build.total === null ? "–" : `${formatCount(build.done ?? 0)} of ${formatCount(build.total)}`}
      />
      <Stat
        label="From the cache"
        value={ratio === null ? "–" : `${Math.round(ratio * 100)}%`}
        detail={
          build.cache === null ? undefined : (
            <>
              spared <Duration ms={build.cache.savedMs} />
            </>
          )
        }
      />
      <Stat
        label="Critical path"
        value={<Duration ms={way.ms} />}
        detail={way.ids.size === 0 ? undefined : `${way.ids.size} ${way.ids.size === 1 ? "task" : "tasks"}`}
      />
      <Stat label="Tasks at once" value={atOnce === 0 ? "–" : atOnce.toFixed(1)} detail="executed, on average" />
    </div>
  );
}

interface ViewsProps extends ShownProps {
  readonly selected: string | undefined;
  readonly select: (task: string) => void;
}

function Views({ build, tasks, selected, select }: ViewsProps) {
  const { tab } = route.useSearch();
  const navigate = route.useNavigate();
  if (tasks.length === 0) return <EmptyState icon={ListTree} title="It has no tasks" />;
  return (
    <Tabs
      label="Tasks"
      tabs={[
        { name: "tasks", label: "Tasks", count: tasks.length },
        { name: "graph", label: "Graph" },
        { name: "times", label: "Over time" },
      ]}
      current={tab ?? "tasks"}
      onChange={(name) =>
        void navigate({ search: (before) => ({ ...before, tab: name === "tasks" ? undefined : name }), replace: true })
      }
    >
      {tab === "graph" ? (
        <TaskGraph tasks={tasks} selected={selected} select={select} />
      ) : tab === "times" ? (
        <Waterfall tasks={tasks} isOver={build.endedAt !== null} select={select} />
      ) : (
        <Card flush>
          <Table
            label="Tasks"
            columns={columnsFor(select)}
            rows={tasks}
            rowKey={({ id }) => id}
            onOpen={({ id }) => select(id)}
            isSelected={({ id }) => id === selected}
          />
        </Card>
      )}
    </Tabs>
  );
}

function columnsFor(select: (task: string) => void): readonly Column<Task>[] {
  return [
    {
      name: "task",
      label: "Task",
      cell: ({ id }) => (
        <button type="button" onClick={() => select(id)} className="font-medium text-accent-ink hover:underline">
          <Text>{id}</Text>
        </button>
      ),
    },
    { name: "status", label: "Status", cell: (task) => <TaskBadge task={task} /> },
    {
      name: "why",
      label: "Why",
      from: "md",
      cell: ({ why, reasons }) => (
        <Text truncate className="max-w-96 text-xs text-ink-soft">
          {why ?? reasons?.join("; ") ?? ""}
        </Text>
      ),
    },
    { name: "worker", label: "Worker", from: "xl", cell: ({ worker }) => <Text>{worker ?? "–"}</Text> },
    {
      name: "took",
      label: "Took",
      align: "end",
      from: "sm",
      cell: ({ durationMs, cache }) => <Duration ms={cache === "hit" || cache === "none" ? null : durationMs} />,
    },
  ];
}
