// One run: how it stands and what can be done about it, its tabs, and the panel of the step that is selected.
import { getRouteApi, Link } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import type { ApiError } from "../api.ts";
import { useMay } from "../session/session.ts";
import { Page } from "../shell/page.tsx";
import { useActions } from "../shell/use-actions.ts";
import { Button } from "../ui/button.tsx";
import { useIsWide } from "../ui/columns.ts";
import { Drawer } from "../ui/dialog.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { Text } from "../ui/text.tsx";
import { ListX } from "lucide-react";
import { visibleText } from "../ui/visible-text.ts";
import { ForkDialog } from "./fork-dialog.tsx";
import type { Journal } from "./journal.ts";
import { RunActions } from "./run-actions.tsx";
import { RunDetail, RunFacts } from "./run-header.tsx";
import { RunError } from "./run-error.tsx";
import { RunTabView } from "./run-tab-view.tsx";
import { StepPanel } from "./step-panel.tsx";
import { isExchange } from "./step-state.ts";
import { useChildren, useJournal, useRun, useRunUpdates } from "./use-run.ts";
import type { Run, RunTab } from "./words.ts";

const route = getRouteApi("/shell/runs/$run");

export function RunPage() {
  const { run: id } = route.useParams();
  const query = useRun(id);
  const run = query.data?.run;
  const { journal, error } = useJournal(id, run?.attempt);
  useRunUpdates(run, journal);
  if (run !== undefined) return <LoadedRun key={id} run={run} journal={journal} journalError={error} />;
  return (
    <Page title={<Text>{id}</Text>}>
      {query.error === null ? <SkeletonRows /> : <NoRun error={query.error} onRetry={() => void query.refetch()} />}
    </Page>
  );
}

function NoRun({ error, onRetry }: { readonly error: ApiError; readonly onRetry: () => void }) {
  if (error.code !== "run_not_found")
    return <ErrorState title="The run could not be read" error={error} onRetry={onRetry} />;
  return (
    <EmptyState
      icon={ListX}
      title="There is no such run"
      actions={
        <Button asChild>
          <Link to="/runs">All runs</Link>
        </Button>
      }
    >
      It may have been deleted, by somebody or because it was older than is kept, or you may not see runs of its
      workflow.
    </EmptyState>
  );
}

interface LoadedRunProps {
  readonly run: Run;
  readonly journal: Journal | undefined;
  readonly journalError: ApiError | null;
}

function LoadedRun({ run, journal, journalError }: LoadedRunProps) {
  const { step, of } = route.useSearch();
  const navigate = route.useNavigate();
  const wide = useIsWide("lg");
  const [fork, setFork] = useState<{ readonly run: Run; readonly from: number | undefined }>();
  const select = useCallback(
    (next: number | undefined, owner?: string) =>
      void navigate({
        search: (before) => ({
          ...before,
          step: next,
          of: owner === undefined || owner === run.id ? undefined : owner,
        }),
        replace: true,
      }),
    [navigate, run.id],
  );
  const askFork = useCallback(() => setFork({ run, from: undefined }), [run]);
  const panel =
    step === undefined ? undefined : (
      <StepPanel
        root={run}
        owner={of ?? run.id}
        journal={of === undefined ? journal : undefined}
        step={step}
        closes={wide}
        onSelect={select}
        onFork={(owner, from) => setFork({ run: owner, from })}
      />
    );
  return (
    <Page
      full
      title={<Text>{run.workflow}</Text>}
      detail={<RunDetail run={run} />}
      actions={<RunActions run={run} onFork={askFork} />}
    >
      <div className="flex h-full flex-col">
        <RunFacts run={run} />
        {run.error !== null && (
          <div className="px-4 pb-3 sm:px-6">
            <RunError short error={run.error} />
          </div>
        )}
        <div className="flex min-h-0 grow">
          <TabbedRun run={run} journal={journal} journalError={journalError} select={select} />
          {wide && panel !== undefined && (
            <aside aria-label="Step" className="w-104 shrink-0 overflow-y-auto border-l border-line bg-panel xl:w-120">
              {panel}
            </aside>
          )}
        </div>
      </div>
      {!wide && (
        <Drawer open={panel !== undefined} onClose={() => select(undefined)} title="Step">
          {panel}
        </Drawer>
      )}
      {fork !== undefined && (
        <ForkDialog
          run={fork.run}
          journal={fork.run.id === run.id ? journal : undefined}
          from={fork.from}
          onClose={() => setFork(undefined)}
        />
      )}
    </Page>
  );
}

interface TabbedRunProps extends LoadedRunProps {
  readonly select: (step: number | undefined, owner?: string) => void;
}

function TabbedRun({ run, journal, journalError, select }: TabbedRunProps) {
  const { tab = "timeline", step: selected } = route.useSearch();
  const navigate = route.useNavigate();
  const mayAudit = useMay("audit:read");
  const children = useChildren(run.id);
  const open = useCallback(
    (name: RunTab) =>
      void navigate({ search: (before) => ({ ...before, tab: name === "timeline" ? undefined : name }) }),
    [navigate],
  );
  const steps = journal === undefined ? undefined : journal.settled.length + journal.open.length;
  const exchanges = useMemo(
    () => (journal === undefined ? undefined : [...journal.settled, ...journal.open].filter(isExchange).length),
    [journal],
  );
  const tabs = useMemo(
    () => [
      { name: "timeline" as const, label: "Timeline" },
      { name: "graph" as const, label: "Graph" },
      { name: "journal" as const, label: "Journal", count: steps },
      { name: "logs" as const, label: "Logs" },
      { name: "output" as const, label: "Output" },
      { name: "events" as const, label: "Events", count: exchanges },
      { name: "children" as const, label: "Children", count: children.length },
      { name: "details" as const, label: "Details" },
      ...(mayAudit ? [{ name: "audit" as const, label: "Audit" }] : []),
    ],
    [steps, exchanges, children.length, mayAudit],
  );
  useActions(
    useMemo(
      () =>
        tabs.map(({ name, label }, index) => ({
          id: `run-tab:${name}`,
          group: "This run",
          label: `Show ${label.toLowerCase()}`,
          keys: String(index + 1),
          run: () => open(name),
        })),
      [tabs, open],
    ),
  );
  const current = tabs.some(({ name }) => name === tab) ? tab : "timeline";
  return (
    <div className="run-tabs flex min-h-0 min-w-0 grow flex-col *:grow *:px-4 sm:*:px-6">
      <Tabs label={`Run of ${visibleText(run.workflow)}`} tabs={tabs} current={current} onChange={open}>
        {journalError !== null && journal === undefined ? (
          <ErrorState title="The journal could not be read" error={journalError} />
        ) : (
          <RunTabView tab={current} run={run} journal={journal} selected={selected} select={select} />
        )}
      </Tabs>
    </div>
  );
}
