// What the open tab of a run shows. The graph brings a large library along and is loaded when it is first asked for.
import { lazy, Suspense } from "react";
import { SkeletonRows } from "../ui/states.tsx";
import { AuditTab } from "./audit-tab.tsx";
import { ChildrenTab } from "./children-tab.tsx";
import { DetailsTab } from "./details-tab.tsx";
import { EventsTab } from "./events-tab.tsx";
import type { Journal } from "./journal.ts";
import { JournalTab } from "./journal-tab.tsx";
import { LogsTab } from "./logs-tab.tsx";
import { OutputTab } from "./output-tab.tsx";
import { TimelineTab } from "./timeline-tab.tsx";
import type { Run, RunTab } from "./words.ts";

const GraphTab = lazy(async () => ({ default: (await import("./graph-tab.tsx")).GraphTab }));

interface RunTabViewProps {
  readonly tab: RunTab;
  readonly run: Run;
  readonly journal: Journal | undefined;
  /** Number of the step that is open beside it. */
  readonly selected: number | undefined;
  readonly select: (step: number | undefined, owner?: string) => void;
}

export function RunTabView({ tab, run, journal, selected, select }: RunTabViewProps) {
  switch (tab) {
    case "timeline":
      return journal === undefined ? <SkeletonRows /> : <TimelineTab run={run} journal={journal} select={select} />;
    case "graph":
      return journal === undefined ? (
        <SkeletonRows />
      ) : (
        <Suspense fallback={<SkeletonRows />}>
          <GraphTab run={run} journal={journal} select={select} />
        </Suspense>
      );
    case "journal":
      return <JournalTab journal={journal} select={select} />;
    case "logs":
      return <LogsTab run={run} />;
    case "output":
      return <OutputTab key={run.id} run={run} />;
    case "events":
      return <EventsTab journal={journal} selected={selected} select={select} />;
    case "children":
      return <ChildrenTab run={run.id} />;
    case "details":
      return <DetailsTab run={run} />;
    case "audit":
      return <AuditTab run={run.id} />;
    default:
      return tab satisfies never;
  }
}
