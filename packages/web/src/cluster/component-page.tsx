// One component: how each of its objects stands and why, its plans, and what was done with it.
import { getRouteApi, Link } from "@tanstack/react-router";
import { ClipboardList, Package } from "lucide-react";
import { useMemo } from "react";
import { useApi, useCall } from "../query.ts";
import { useMay } from "../session/session.ts";
import { Page } from "../shell/page.tsx";
import { useActions } from "../shell/use-actions.ts";
import { Button } from "../ui/button.tsx";
import { Card, KeyValue } from "../ui/card.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { visibleText } from "../ui/visible-text.ts";
import { HealthTab } from "./health-tab.tsx";
import { HealthBadge, ReconcileBadge } from "./looks.tsx";
import { OperationsTab } from "./operations-tab.tsx";
import { PlansTab } from "./plans-tab.tsx";
import type { Component } from "./words.ts";

const route = getRouteApi("/shell/clusters/components/$component");
const refreshMs = 3_000;

export function ComponentPage() {
  const { component: name } = route.useParams();
  const component = useApi("getComponent", { params: { name } }, { refetchMs: refreshMs });
  if (component.data === undefined) {
    return (
      <Page title={visibleText(name)}>
        {component.error === null ? (
          <SkeletonRows />
        ) : (
          <ErrorState error={component.error} onRetry={() => void component.refetch()} />
        )}
      </Page>
    );
  }
  return <Shown component={component.data.component} />;
}

function Shown({ component }: { readonly component: Component }) {
  const { name, cluster, health } = component;
  const navigate = route.useNavigate();
  const mayPlan = useMay("cluster:plan", cluster);
  const plan = useCall("createPlan", {
    changes: ["listPlans"],
    onDone: (answer) => void navigate({ to: "/clusters/plans/$plan", params: { plan: answer.plan.id } }),
  });
  const make = () => plan.mutate({ params: { name }, body: {} });
  usePlanAction(make);
  return (
    <Page
      title={<Text>{name}</Text>}
      detail={
        health !== null && (
          <span className="flex flex-wrap items-center gap-1.5">
            <HealthBadge state={health.health} />
            <ReconcileBadge state={health.reconciled} />
          </span>
        )
      }
      actions={
        mayPlan && (
          <Button tone="primary" icon={ClipboardList} busy={plan.isPending} onClick={make}>
            Make a plan
          </Button>
        )
      }
    >
      <div className="flex flex-col gap-4">
        <Card>
          <Facts component={component} />
        </Card>
        <Parts component={component} />
      </div>
    </Page>
  );
}

function usePlanAction(make: () => void): void {
  useActions(
    useMemo(
      () => [
        {
          id: "component:plan",
          group: "This component",
          label: "Make a plan",
          icon: ClipboardList,
          keys: "p",
          needs: "cluster:plan",
          run: make,
        },
      ],
      [make],
    ),
  );
}

function Facts({ component }: { readonly component: Component }) {
  const { cluster, file, owner, dependsOn, version, objects } = component;
  return (
    <KeyValue
      pairs={[
        { name: "Cluster", value: <Text>{cluster}</Text> },
        { name: "Declared in", value: <Mono>{file}</Mono> },
        owner === null ? null : { name: "Owner", value: <Text>{owner}</Text> },
        dependsOn.length === 0 ? null : { name: "Stands on", value: <Others names={dependsOn} /> },
        { name: "Applied", value: version === 0 ? "Never" : `${version} ${version === 1 ? "time" : "times"}` },
        { name: "Objects", value: objects },
      ]}
    />
  );
}

function Others({ names }: { readonly names: readonly string[] }) {
  return (
    <span className="flex flex-wrap gap-x-3">
      {names.map((name) => (
        <Link
          key={name}
          to="/clusters/components/$component"
          params={{ component: name }}
          className="text-accent-ink hover:underline"
        >
          <Text>{name}</Text>
        </Link>
      ))}
    </span>
  );
}

function Parts({ component }: { readonly component: Component }) {
  const { tab } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Tabs
      label="Component"
      tabs={[
        { name: "health", label: "Health" },
        { name: "plans", label: "Plans" },
        { name: "operations", label: "Operations" },
      ]}
      current={tab ?? "health"}
      onChange={(name) => void navigate({ search: { tab: name === "health" ? undefined : name }, replace: true })}
    >
      {tab === "plans" ? (
        <PlansTab component={component.name} />
      ) : tab === "operations" ? (
        <OperationsTab component={component} />
      ) : component.objects === 0 ? (
        <Card>
          <EmptyState icon={Package} title="It has nothing in its cluster yet">
            Make a plan, have it approved, and apply it.
          </EmptyState>
        </Card>
      ) : (
        <HealthTab component={component.name} />
      )}
    </Tabs>
  );
}
