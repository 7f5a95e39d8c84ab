// One row of the timeline: what it is called, and a bar from when it began to when it settled.
import { ChevronDown, ChevronRight, RotateCcw } from "lucide-react";
import { Duration, Elapsed, useNow } from "../ui/time.tsx";
import { Badge, StatusIcon, toneText } from "../ui/badge.tsx";
import type { Tone } from "../ui/badge.tsx";
import { cx } from "../ui/cx.ts";
import { Skeleton } from "../ui/states.tsx";
import { Text } from "../ui/text.tsx";
import { formatCount } from "../ui/time-format.ts";
import { kindLook, stateLooks } from "./step-state.ts";
import { timelineTracks } from "./timeline-tracks.ts";
import { stretchesOf } from "./timeline-rows.ts";
import type { LoopRow, StepRow, TimelineRow } from "./timeline-rows.ts";
import { percentAt } from "./timeline-scale.ts";
import type { Window } from "./timeline-scale.ts";

const indentPx = 14;
const barTones: Readonly<Record<Tone, string>> = {
  neutral: "bg-ink-faint",
  accent: "bg-accent",
  good: "bg-good",
  bad: "bg-bad",
  warn: "bg-warn",
  info: "bg-info",
  hold: "bg-hold",
  undo: "bg-undo",
};

interface TimelineRowViewProps {
  readonly id: string;
  readonly row: TimelineRow;
  readonly index: number;
  readonly window: Window;
  readonly place: { readonly startPx: number; readonly heightPx: number };
  readonly active: boolean;
  readonly selected: boolean;
  readonly onPick: () => void;
  readonly onToggle: () => void;
}

export function TimelineRowView(p: TimelineRowViewProps) {
  const { id, row, index, window, place, active, selected, onPick, onToggle } = p;
  return (
    <div
      id={id}
      role="row"
      aria-rowindex={index + 2}
      aria-level={row.depth + 1}
      aria-expanded={row.open}
      aria-selected={selected}
      data-active={active || undefined}
      onClick={onPick}
      style={{ transform: `translateY(${place.startPx}px)`, height: place.heightPx }}
      className={cx(
        timelineTracks,
        "absolute inset-x-0 top-0 cursor-pointer items-center hover:bg-hover aria-selected:bg-accent-soft",
        "group-focus-visible:data-active:bg-hover group-focus-visible:data-active:shadow-[inset_2px_0_var(--accent)]",
      )}
    >
      <div role="gridcell" className="flex min-w-0 items-center gap-1.5 pr-3 pl-4 sm:pl-6">
        <span aria-hidden style={{ width: row.depth * indentPx }} className="shrink-0" />
        <Toggle row={row} onToggle={onToggle} />
        <RowName row={row} />
      </div>
      <div role="gridcell" className="relative mr-4 h-full overflow-hidden">
        <Bars row={row} window={window} />
      </div>
    </div>
  );
}

function Toggle({ row, onToggle }: { readonly row: TimelineRow; readonly onToggle: () => void }) {
  if (row.open === undefined) return <span aria-hidden className="w-4 shrink-0" />;
  const Icon = row.open ? ChevronDown : ChevronRight;
  return (
    <button
      type="button"
      tabIndex={-1}
      aria-label={row.open ? "Fold" : "Unfold"}
      onClick={(event) => {
        event.stopPropagation();
        onToggle();
      }}
      className="flex size-4 shrink-0 items-center justify-center rounded-sm text-ink-faint hover:bg-active hover:text-ink"
    >
      <Icon aria-hidden className="size-3.5" />
    </button>
  );
}

function RowName({ row }: { readonly row: TimelineRow }) {
  if (row.type === "pending") return <Skeleton className="w-24" />;
  const kind = row.type === "step" ? row.step.kind : row.kind;
  const { icon: Icon, label } = kindLook(kind);
  const { tone, label: stateLabel } = stateLooks[row.state];
  return (
    <>
      <span title={label} className={cx("shrink-0", toneText[tone])}>
        <Icon aria-hidden className="size-3.5" />
        <span className="sr-only">
          {label}, {stateLabel}
        </span>
      </span>
      <span className="min-w-0">
        <Text truncate className={row.type === "step" && row.step.seq < 0 ? "text-ink-soft" : undefined}>
          {row.type === "step" ? row.step.name : row.name}
        </Text>
      </span>
      {row.type === "loop" && (
        <Badge className="shrink-0">
          ×{formatCount(row.steps.length)}
          {row.failed > 0 && `, ${formatCount(row.failed)} failed`}
        </Badge>
      )}
      {row.type === "step" && row.step.attempt > 1 && (
        <Badge tone="warn" icon={RotateCcw} className="shrink-0">
          {row.step.attempt}
          <span className="sr-only"> attempts</span>
        </Badge>
      )}
      {row.type === "step" && row.child !== undefined && (
        <StatusIcon status={row.child.status} className="shrink-0 scale-85" />
      )}
    </>
  );
}

function Bars({ row, window }: { readonly row: TimelineRow; readonly window: Window }) {
  if (row.type === "pending") return null;
  return row.type === "loop" ? <LoopBars row={row} window={window} /> : <StepBar row={row} window={window} />;
}

/** What waits is drawn lighter than what works. */
function looksOf(row: StepRow): string {
  const { tone } = stateLooks[row.state];
  const waits = kindLook(row.step.kind).waits === true;
  return cx(barTones[tone], waits ? "opacity-45" : "opacity-90", row.to === null && "animate-shimmer");
}

function StepBar({ row, window }: { readonly row: StepRow; readonly window: Window }) {
  const now = useNow();
  const { attempts, startedAt, dueAt } = row.step;
  const left = percentAt(row.from, window);
  const end = row.to ?? Math.max(now, startedAt);
  const right = percentAt(end, window);
  // While it waits to be tried again, the last attempt is over.
  const isTrying = row.state !== "retrying" || attempts.at(-1)?.attempt !== row.step.attempt;
  const ahead = row.to === null ? dueAt : null;
  return (
    <>
      {attempts.length > 0 && <Line from={row.from} to={end} window={window} />}
      {attempts.map(({ attempt, startedAt: from, endedAt: to }) => (
        <Bar key={attempt} from={from} to={to} window={window} look="bg-bad opacity-60" />
      ))}
      {isTrying && (
        <Bar from={attempts.length > 0 ? startedAt : row.from} to={end} window={window} look={looksOf(row)} />
      )}
      {ahead !== null && ahead > end && <Line from={end} to={ahead} window={window} />}
      <BarLabel left={left} right={right}>
        {row.to === null ? <Elapsed from={row.from} to={null} /> : <Duration ms={row.to - row.from} />}
      </BarLabel>
    </>
  );
}

interface SpanProps {
  readonly from: number;
  readonly to: number;
  readonly window: Window;
}

function Bar({ from, to, window, look }: SpanProps & { readonly look: string }) {
  const left = percentAt(from, window);
  const right = percentAt(to, window);
  if (right < 0 || left > 100) return null;
  return (
    <span
      style={{ left: `${left}%`, width: `${right - left}%` }}
      className={cx("absolute top-1/2 h-3 min-w-0.75 -translate-y-1/2 rounded-[3px]", look)}
    />
  );
}

/** Time in which nothing is done: between attempts, and until something is due. */
function Line({ from, to, window }: SpanProps) {
  const left = Math.max(-1, percentAt(from, window));
  const right = Math.min(101, percentAt(to, window));
  if (right <= left) return null;
  return (
    <span
      aria-hidden
      style={{ left: `${left}%`, width: `${right - left}%` }}
      className="absolute top-1/2 border-t border-dashed border-line-strong"
    />
  );
}

function LoopBars({ row, window }: { readonly row: LoopRow; readonly window: Window }) {
  const now = useNow();
  const stretches = stretchesOf(row.steps, { ...window, now });
  const { tone } = stateLooks[row.state];
  return (
    <>
      {stretches.map(({ from, to, failed }) => (
        <span
          key={`${from} ${failed}`}
          style={{ left: `${from * 100}%`, width: `${(to - from) * 100}%` }}
          className={cx(
            "absolute top-1/2 h-3 min-w-0.5 -translate-y-1/2 rounded-[2px] opacity-80",
            barTones[failed ? "bad" : tone === "bad" ? "good" : tone],
          )}
        />
      ))}
      <BarLabel left={percentAt(row.from, window)} right={percentAt(row.to ?? now, window)}>
        <Duration ms={(row.to ?? now) - row.from} />
      </BarLabel>
    </>
  );
}

/** Beside the bar where there is room, else before it. */
function BarLabel({ left, right, children }: { left: number; right: number; children: React.ReactNode }) {
  if (right < 0 || left > 100) return null;
  const place =
    right < 86
      ? { left: `calc(${Math.max(0, right)}% + 8px)` }
      : left > 14
        ? { right: `calc(${100 - Math.min(100, left)}% + 6px)` }
        : { left: "8px" };
  const inside = right >= 86 && left <= 14;
  return (
    <span
      style={place}
      className={cx(
        "pointer-events-none absolute top-1/2 -translate-y-1/2 text-xs whitespace-nowrap",
        inside ? "rounded-sm bg-canvas px-1 text-ink" : "text-ink-soft",
      )}
    >
      {children}
    </span>
  );
}
