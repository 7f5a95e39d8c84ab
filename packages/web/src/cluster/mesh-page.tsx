// The mesh of a cluster: its revisions, the proxies with why they are not as they should be, certificates, and what is wrong with the
// configuration. The cluster is asked while somebody looks.
import { getRouteApi } from "@tanstack/react-router";
import { CircleCheck, Info, Network, OctagonAlert, TriangleAlert } from "lucide-react";
import type { Answer } from "../api.ts";
import { useApi, useCall } from "../query.ts";
import { Page } from "../shell/page.tsx";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import type { Column } from "../ui/columns.ts";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";

type Mesh = Answer<"getMesh">["mesh"];
type Revision = Mesh["revisions"][number];
type Proxy = Mesh["proxies"][number];
type Certificate = Mesh["certificates"][number];
type Finding = Answer<"analyzeMesh">["findings"][number];

const route = getRouteApi("/shell/clusters/meshes/$cluster");
const refreshMs = 5_000;

export function MeshPage() {
  const { cluster } = route.useParams();
  const seen = useApi("getMesh", { params: { name: cluster } }, { refetchMs: refreshMs });
  return (
    <Page title={`Mesh of ${cluster}`}>
      {seen.data === undefined ? (
        <Card flush>
          {seen.error === null ? (
            <SkeletonRows rows={4} />
          ) : (
            <ErrorState error={seen.error} onRetry={() => void seen.refetch()} title="The mesh could not be read" />
          )}
        </Card>
      ) : seen.data.mesh.revisions.length === 0 ? (
        <EmptyState icon={Network} title="No mesh is installed" command={`sluice cluster mesh analyze ${cluster}`}>
          A revision is a control plane; install one as a component.
        </EmptyState>
      ) : (
        <Parts mesh={seen.data.mesh} cluster={cluster} />
      )}
    </Page>
  );
}

function Parts({ mesh, cluster }: { readonly mesh: Mesh; readonly cluster: string }) {
  const proxies = mesh.proxies.toSorted((a, b) => Number(b.stale !== null) - Number(a.stale !== null));
  return (
    <div className="flex flex-col gap-4">
      <Problems problems={mesh.problems} />
      <Card title="Revisions" detail={<Text>{`validated by ${mesh.validator ?? "nobody"}`}</Text>} flush>
        <Table label="Revisions" columns={revisionColumns} rows={mesh.revisions} rowKey={({ name }) => name} />
      </Card>
      <Card title="Proxies" detail="those that are not as they should be first" flush>
        <Table
          label="Proxies"
          columns={proxyColumns}
          rows={proxies}
          rowKey={({ namespace, pod }) => `${namespace}/${pod}`}
        />
      </Card>
      <Configuration cluster={cluster} />
      {mesh.certificates.length > 0 && (
        <Card title="Certificates" detail="the first to expire first" flush>
          <Table
            label="Certificates"
            columns={certificateColumns}
            rows={mesh.certificates}
            rowKey={({ source, subject, notAfter }) => `${source} ${subject} ${notAfter ?? ""}`}
          />
        </Card>
      )}
    </div>
  );
}

function Problems({ problems }: { readonly problems: readonly string[] }) {
  if (problems.length === 0) return null;
  return (
    <Card title="What to look at">
      <ul className="flex flex-col gap-1.5 text-sm">
        {problems.map((problem) => (
          <li key={problem} className="flex items-start gap-2">
            <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warn" />
            <Text>{problem}</Text>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** Looked at when somebody asks: it reads the whole configuration. */
function Configuration({ cluster }: { readonly cluster: string }) {
  const look = useCall("analyzeMesh", {});
  const findings = look.data?.findings;
  return (
    <Card
      title="Configuration"
      actions={
        <Button busy={look.isPending} onClick={() => look.mutate({ params: { name: cluster }, body: {} })}>
          Look at it
        </Button>
      }
      flush
    >
      {findings === undefined ? (
        <p className="px-4 py-3 text-sm text-ink-soft">Sixty-one rules look at it when you ask.</p>
      ) : findings.length === 0 ? (
        <p className="px-4 py-3 text-sm">Nothing is wrong with it.</p>
      ) : (
        <Table
          label="Findings"
          columns={findingColumns}
          rows={findings}
          rowKey={({ code, resource, path, message }) => `${code} ${resource} ${path ?? ""} ${message}`}
        />
      )}
    </Card>
  );
}

const revisionColumns: readonly Column<Revision>[] = [
  { name: "name", label: "Revision", cell: ({ name }) => <Text className="font-medium">{name}</Text> },
  { name: "version", label: "Version", cell: ({ version }) => <Mono>{version}</Mono> },
  {
    name: "state",
    label: "State",
    cell: ({ ready }) => (
      <Badge tone={ready ? "good" : "bad"} icon={ready ? CircleCheck : TriangleAlert}>
        {ready ? "Ready" : "Not ready"}
      </Badge>
    ),
  },
  { name: "tags", label: "Tags", from: "sm", cell: ({ tags }) => <Text>{tags.join(", ") || "–"}</Text> },
  { name: "proxies", label: "Proxies", align: "end", cell: ({ proxies }) => proxies },
];

const proxyColumns: readonly Column<Proxy>[] = [
  {
    name: "pod",
    label: "Pod",
    cell: ({ namespace, pod, stale }) => (
      <div className="flex min-w-0 flex-col py-1.5">
        <Mono>{`${namespace}/${pod}`}</Mono>
        {stale !== null && <Text className="text-xs text-ink-soft sm:hidden">{stale}</Text>}
      </div>
    ),
  },
  { name: "revision", label: "Revision", cell: ({ revision }) => <Text>{revision}</Text> },
  { name: "version", label: "Version", from: "md", cell: ({ version }) => <Mono>{version}</Mono> },
  {
    name: "state",
    label: "State",
    from: "sm",
    cell: ({ stale }) =>
      stale === null ? (
        <Badge tone="good" icon={CircleCheck}>
          As it should be
        </Badge>
      ) : (
        <span className="flex min-w-0 items-center gap-2 py-1.5">
          <Badge tone="warn" icon={TriangleAlert}>
            Stale
          </Badge>
          <Text className="text-xs text-ink-soft">{stale}</Text>
        </span>
      ),
  },
];

const levels = {
  error: { tone: "bad", icon: OctagonAlert },
  warning: { tone: "warn", icon: TriangleAlert },
  info: { tone: "info", icon: Info },
} as const;

const findingColumns: readonly Column<Finding>[] = [
  {
    name: "level",
    label: "Level",
    cell: ({ level, code }) => (
      <Badge tone={levels[level].tone} icon={levels[level].icon}>
        {`${level} ${code}`}
      </Badge>
    ),
  },
  {
    name: "what",
    label: "What",
    cell: ({ message, resource, path }) => (
      <div className="flex min-w-0 flex-col py-1.5">
        <Text>{message}</Text>
        <Mono className="text-xs text-ink-soft">{path === null ? resource : `${resource} ${path}`}</Mono>
      </div>
    ),
  },
];

const certificateTones = { good: "good", soon: "warn", expired: "bad", unreadable: "bad" } as const;

const certificateColumns: readonly Column<Certificate>[] = [
  { name: "source", label: "Certificate", cell: ({ source }) => <Mono>{source}</Mono> },
  {
    name: "state",
    label: "State",
    cell: ({ state }) => (
      <Badge tone={certificateTones[state]} icon={state === "good" ? CircleCheck : TriangleAlert}>
        {state === "soon" ? "Expires soon" : state}
      </Badge>
    ),
  },
  { name: "until", label: "Until", align: "end", from: "sm", cell: ({ notAfter }) => <Time at={notAfter} /> },
];
