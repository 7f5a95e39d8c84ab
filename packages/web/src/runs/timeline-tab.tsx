// The timeline of a run: a row a step, placed by real time, with what is inside of it below. It can be zoomed, follows what
// goes on, and draws only the rows in sight.
import { isFinalStatus } from "@sluice/protocol";
import { getRouteApi } from "@tanstack/react-router";
import { Hourglass, ZoomIn, ZoomOut } from "lucide-react";
import { useMemo, useState } from "react";
import { useActions } from "../shell/use-actions.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Switch } from "../ui/field.tsx";
import { EmptyState } from "../ui/states.tsx";
import { useNow } from "../ui/time.tsx";
import { formatDuration } from "../ui/time-format.ts";
import type { Journal } from "./journal.ts";
import { TimelineGrid } from "./timeline-grid.tsx";
import { openChildren, timelineRows } from "./timeline-rows.ts";
import { zoomed } from "./timeline-scale.ts";
import type { Window } from "./timeline-scale.ts";
import { useJournals, useJournal, useRunUpdates } from "./use-run.ts";
import type { ListedRun, Run } from "./words.ts";

const route = getRouteApi("/shell/runs/$run");
/** Of a run that goes on, the window reaches a little further than now. */
const roomShare = 0.04;
const zoomFactor = 0.5;

interface TimelineTabProps {
  readonly run: Run;
  readonly journal: Journal;
  readonly select: (step: number | undefined, owner?: string) => void;
}

export function TimelineTab({ run, journal, select }: TimelineTabProps) {
  const { loops, step, of } = route.useSearch();
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const foldLoops = loops === undefined;
  const { rows, children } = useRows(run, journal, { open, foldLoops });
  const bounds = useBounds(
    run,
    rows.reduce((last, { to }) => Math.max(last, to ?? 0), 0),
  );
  const [chosen, setChosen] = useState<Window>();
  const window = chosen ?? bounds;
  const hasLoops = !foldLoops || rows.some(({ type }) => type === "loop");
  const toggle = (key: string) =>
    setOpen((before) => {
      const next = new Set(before);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  const zoom = (factor: number) => setChosen(zoomed(window, { factor, at: (window.from + window.to) / 2, bounds }));
  const fit = () => setChosen(undefined);
  if (rows.length === 0 && journal.complete) return <NoSteps isFinal={isFinalStatus(run.status)} />;
  return (
    <div className="-mx-4 flex h-full flex-col sm:-mx-6">
      <ToolBar
        window={window}
        bounds={bounds}
        zoom={zoom}
        fit={chosen === undefined ? undefined : fit}
        hasLoops={hasLoops}
      />
      <div className="min-h-0 grow border-t border-line">
        <TimelineGrid
          rows={rows}
          window={window}
          bounds={bounds}
          onWindow={setChosen}
          onToggle={toggle}
          onSelect={select}
          selected={step === undefined ? undefined : `${of ?? run.id}/${step}`}
        />
      </div>
      <ZoomKeys zoom={zoom} fit={fit} />
      {children.map((child) => (
        <ChildUpdates key={child.id} child={child} />
      ))}
    </div>
  );
}

function NoSteps({ isFinal }: { readonly isFinal: boolean }) {
  return (
    <EmptyState icon={Hourglass} title={isFinal ? "It had no steps" : "No step has begun yet"}>
      {isFinal ? "The workflow ended without calling anything that is journaled." : "They show up here as they begin."}
    </EmptyState>
  );
}

interface ToolBarProps {
  readonly window: Window;
  readonly bounds: Window;
  readonly zoom: (factor: number) => void;
  /** Undefined while the whole is shown. */
  readonly fit: (() => void) | undefined;
  readonly hasLoops: boolean;
}

function ToolBar({ window, bounds, zoom, fit, hasLoops }: ToolBarProps) {
  const { loops } = route.useSearch();
  const navigate = route.useNavigate();
  const foldLoops = (fold: boolean) =>
    void navigate({ search: (before) => ({ ...before, loops: fold ? undefined : ("all" as const) }), replace: true });
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 pb-2 sm:px-6">
      <span className="tabular text-xs text-ink-faint">
        {formatDuration(window.to - window.from)} shown
        {fit !== undefined && ` of ${formatDuration(bounds.to - bounds.from)}`}
      </span>
      <div className="ml-auto flex items-center gap-1">
        {hasLoops && (
          <div className="mr-3">
            <Switch label="Fold loops" checked={loops === undefined} onChange={foldLoops} />
          </div>
        )}
        <IconButton icon={ZoomOut} label="Zoom out" size="sm" keys="-" onClick={() => zoom(1 / zoomFactor)} />
        <IconButton icon={ZoomIn} label="Zoom in" size="sm" keys="+" onClick={() => zoom(zoomFactor)} />
        <Button size="sm" tone="quiet" disabled={fit === undefined} onClick={fit}>
          Fit
        </Button>
      </div>
    </div>
  );
}

function useRows(run: Run, journal: Journal, p: { readonly open: ReadonlySet<string>; readonly foldLoops: boolean }) {
  const { open, foldLoops } = p;
  const [asked, setAsked] = useState<readonly string[]>([]);
  const journals = useJournals(run, journal, asked);
  const rows = useMemo(
    () => timelineRows({ root: run.id, journals, open, foldLoops }),
    [run.id, journals, open, foldLoops],
  );
  const wanted = openChildren(rows);
  // What is open decides which journals are read, and those decide what can be open.
  if (wanted.join("\n") !== asked.join("\n")) setAsked(wanted);
  const children = rows.flatMap((row) =>
    row.type === "step" && row.open === true && row.child !== undefined ? [row.child] : [],
  );
  return { rows, children };
}

/** From when the run came to be until its end, or until now. */
function useBounds(run: Run, lastEnd: number): Window {
  const isFinal = isFinalStatus(run.status);
  const ticking = useNow();
  // Between two ticks things happen that lie after the last one.
  const end = isFinal ? Math.max(run.endedAt ?? 0, lastEnd) : Math.max(ticking, lastEnd);
  return useMemo(() => {
    const width = Math.max(1, end - run.createdAt);
    return { from: run.createdAt, to: run.createdAt + width * (isFinal ? 1 : 1 + roomShare) };
  }, [run.createdAt, end, isFinal]);
}

function ZoomKeys({ zoom, fit }: { readonly zoom: (factor: number) => void; readonly fit: () => void }) {
  useActions(
    useMemo(
      () => [
        { id: "timeline:in", group: "Timeline", label: "Zoom in", keys: "+", run: () => zoom(zoomFactor) },
        { id: "timeline:out", group: "Timeline", label: "Zoom out", keys: "-", run: () => zoom(1 / zoomFactor) },
        { id: "timeline:fit", group: "Timeline", label: "Show the whole run", keys: "0", run: fit },
      ],
      [zoom, fit],
    ),
  );
  return null;
}

/** A child run whose inside is shown is kept current, too. */
function ChildUpdates({ child }: { readonly child: ListedRun }) {
  const { journal } = useJournal(child.id, child.attempt);
  useRunUpdates(child, journal);
  return null;
}
