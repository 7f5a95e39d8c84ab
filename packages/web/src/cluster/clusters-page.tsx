// Clusters and whether they answer; the components in them, as a table or by what stands on what.
import { getRouteApi, Link } from "@tanstack/react-router";
import { Boxes, CircleCheck, CircleX, Package } from "lucide-react";
import type { Answer, ApiError } from "../api.ts";
import { useApi } from "../query.ts";
import { Page } from "../shell/page.tsx";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import type { Column } from "../ui/columns.ts";
import { EmptyState, ErrorState, Skeleton, SkeletonRows } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { HealthBadge, ReconcileBadge } from "./looks.tsx";
import { Topology } from "./topology.tsx";
import type { Cluster, Component } from "./words.ts";

const route = getRouteApi("/shell/clusters/");
const componentsRefreshMs = 5_000;
const statusRefreshMs = 20_000;

export function ClustersPage() {
  const clusters = useApi("listClusters", {}, { refetchMs: statusRefreshMs });
  const components = useApi("listComponents", {}, { refetchMs: componentsRefreshMs });
  if (clusters.data?.clusters.length === 0) {
    return (
      <Page title="Clusters" actions={<ToRecovery />}>
        <NoClusters />
      </Page>
    );
  }
  return (
    <Page title="Clusters" actions={<ToRecovery />}>
      <div className="flex flex-col gap-4">
        <Card title="Clusters" detail="and whether they answer" flush>
          {clusters.data === undefined ? (
            <Unread error={clusters.error} onRetry={() => void clusters.refetch()} />
          ) : (
            <Table
              label="Clusters"
              columns={clusterColumns}
              rows={clusters.data.clusters}
              rowKey={({ name }) => name}
            />
          )}
        </Card>
        <Components components={components.data} error={components.error} onRetry={() => void components.refetch()} />
      </div>
    </Page>
  );
}

function ToRecovery() {
  return (
    <Button asChild>
      <Link to="/clusters/recovery">Disaster recovery</Link>
    </Button>
  );
}

function NoClusters() {
  return (
    <EmptyState
      icon={Boxes}
      title="No cluster has been added"
      command="sluice cluster add main --kubeconfig ~/.kube/config"
    >
      A cluster is added with its kubeconfig; who it is is remembered, and another one under its name refused.
    </EmptyState>
  );
}

interface UnreadProps {
  readonly error: ApiError | null;
  readonly onRetry: () => void;
}

function Unread({ error, onRetry }: UnreadProps) {
  return error === null ? <SkeletonRows rows={2} /> : <ErrorState error={error} onRetry={onRetry} />;
}

/** Asked of the cluster itself, for each row. */
function Answers({ cluster }: { readonly cluster: string }) {
  const status = useApi("getClusterStatus", { params: { name: cluster } }, { refetchMs: statusRefreshMs });
  if (status.data === undefined) {
    return status.error === null ? <Skeleton className="w-20" /> : <Text truncate>{status.error.message}</Text>;
  }
  const { reachable, reason, latencyMs } = status.data;
  return (
    <div className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1 py-1.5">
      <Badge tone={reachable ? "good" : "bad"} icon={reachable ? CircleCheck : CircleX}>
        {reachable ? "Answers" : "Cannot be used"}
      </Badge>
      {latencyMs !== null && <span className="tabular text-xs text-ink-faint">{Math.round(latencyMs)} ms</span>}
      {reason !== null && <Text className="text-xs text-ink-soft">{reason}</Text>}
    </div>
  );
}

const clusterColumns: readonly Column<Cluster>[] = [
  { name: "name", label: "Cluster", cell: ({ name }) => <Text className="font-medium">{name}</Text> },
  { name: "status", label: "Status", cell: ({ name }) => <Answers cluster={name} /> },
  { name: "version", label: "Version", from: "sm", cell: ({ version }) => <Mono>{version}</Mono> },
  {
    name: "mesh",
    label: "Mesh",
    cell: ({ name }) => (
      <Link to="/clusters/meshes/$cluster" params={{ cluster: name }} className="text-accent-ink hover:underline">
        Mesh
      </Link>
    ),
  },
  {
    name: "server",
    label: "Server",
    from: "md",
    cell: ({ identity }) => (
      <Mono truncate className="max-w-72 text-ink-soft">
        {identity.server}
      </Mono>
    ),
  },
  { name: "added", label: "Added", align: "end", from: "lg", cell: ({ addedAt }) => <Time at={addedAt} /> },
];

interface ComponentsProps extends UnreadProps {
  readonly components: Answer<"listComponents"> | undefined;
}

function Components({ components, error, onRetry }: ComponentsProps) {
  const { tab } = route.useSearch();
  const navigate = route.useNavigate();
  if (components === undefined) {
    return (
      <Card title="Components" flush>
        <Unread error={error} onRetry={onRetry} />
      </Card>
    );
  }
  return (
    <Tabs
      label="Components"
      tabs={[
        { name: "list", label: "Components", count: components.components.length },
        { name: "topology", label: "Topology" },
      ]}
      current={tab ?? "list"}
      onChange={(name) => void navigate({ search: { tab: name === "topology" ? name : undefined }, replace: true })}
    >
      {tab === "topology" ? (
        <Topology components={components.components} />
      ) : (
        <Card flush>
          <Table
            label="Components"
            columns={componentColumns}
            rows={components.components}
            rowKey={({ name }) => name}
            onOpen={({ name }) => void navigate({ to: "/clusters/components/$component", params: { component: name } })}
            empty={<NoComponents />}
          />
        </Card>
      )}
    </Tabs>
  );
}

function NoComponents() {
  return (
    <EmptyState
      icon={Package}
      title="No component has been declared"
      command="sluice cluster component add components/web.yaml"
    >
      A component is declared in a file of the project and brought to its cluster as a whole.
    </EmptyState>
  );
}

const componentColumns: readonly Column<Component>[] = [
  {
    name: "name",
    label: "Component",
    cell: ({ name }) => (
      <Link
        to="/clusters/components/$component"
        params={{ component: name }}
        className="font-medium text-accent-ink hover:underline"
      >
        <Text>{name}</Text>
      </Link>
    ),
  },
  {
    name: "health",
    label: "Health",
    cell: ({ health }) =>
      health === null ? (
        <span className="text-ink-faint">Not looked at yet</span>
      ) : (
        <div className="flex min-w-0 flex-wrap items-center gap-1.5 py-1.5">
          <HealthBadge state={health.health} />
          <ReconcileBadge state={health.reconciled} />
          <Text className="text-xs text-ink-soft">{health.reason}</Text>
        </div>
      ),
  },
  { name: "seen", label: "Seen", align: "end", from: "sm", cell: ({ health }) => <Time at={health?.at ?? null} /> },
  { name: "cluster", label: "Cluster", from: "md", cell: ({ cluster }) => <Text>{cluster}</Text> },
  { name: "owner", label: "Owner", from: "lg", cell: ({ owner }) => <Text>{owner ?? "–"}</Text> },
  { name: "version", label: "Version", align: "end", from: "lg", cell: ({ version }) => version },
  { name: "objects", label: "Objects", align: "end", from: "md", cell: ({ objects }) => objects },
];
