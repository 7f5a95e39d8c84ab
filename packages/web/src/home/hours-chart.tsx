// Runs by hour as bars: what became of them, stacked. Each bar leads to the runs of its hour; arrow keys go along them.
import { Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import type { KeyboardEvent } from "react";
import { usePreferences } from "../parts.ts";
import { cx } from "../ui/cx.ts";
import { formatClock, formatCount, formatDuration } from "../ui/time-format.ts";
import { axisEnd, hourWords, mostOf, parts } from "./hours.ts";
import type { Hour, Part } from "./hours.ts";

const hourMs = 3_600_000;
const looks: Readonly<Record<Part, { readonly label: string; readonly fill: string }>> = {
  completed: { label: "Completed", fill: "bg-chart-2" },
  failed: { label: "Failed", fill: "bg-chart-3" },
  cancelled: { label: "Cancelled", fill: "bg-chart-6" },
};

interface HoursChartProps {
  readonly hours: readonly Hour[];
  /** Only runs of this workflow are counted. */
  readonly workflow?: string | undefined;
}

export function HoursChart({ hours, workflow }: HoursChartProps) {
  const { timeZone } = usePreferences();
  const [pointed, setPointed] = useState<number>();
  const end = axisEnd(mostOf(hours));
  const clock = (at: number) => formatClock(at, timeZone).slice(0, 5);
  const shown = pointed === undefined ? undefined : hours[pointed];
  return (
    <div className="flex flex-col gap-2">
      <Legend hour={shown} clock={clock} />
      <div className="flex gap-2">
        <div
          aria-hidden
          className="flex h-40 flex-col justify-between text-right text-2xs leading-none text-ink-faint tabular"
        >
          {[end, end / 2, 0].map((value) => (
            <span key={value}>{formatCount(value)}</span>
          ))}
        </div>
        <div className="min-w-0 grow">
          <div className="relative h-40">
            {[0, 50, 100].map((at) => (
              <div key={at} aria-hidden className="absolute inset-x-0 h-px bg-line" style={{ top: `${at}%` }} />
            ))}
            <Bars hours={hours} end={end} workflow={workflow} clock={clock} onPoint={setPointed} />
          </div>
          <div aria-hidden className="mt-1 flex justify-between text-2xs text-ink-faint tabular">
            {[0, 6, 12, 18, hours.length - 1].map((index) => (
              <span key={index}>{hours[index] === undefined ? "" : clock(hours[index].at)}</span>
            ))}
          </div>
        </div>
      </div>
    </div>
  );
}

/** What the colours mean; over a bar, how much of each it has. */
function Legend({ hour, clock }: { readonly hour: Hour | undefined; readonly clock: (at: number) => string }) {
  return (
    <div className="flex min-h-5 flex-wrap items-center gap-x-4 gap-y-1 text-xs text-ink-soft tabular">
      {parts.map((part) => (
        <span key={part} className="flex items-center gap-1.5">
          <span aria-hidden className={cx("size-2 rounded-xs", looks[part].fill)} />
          {looks[part].label}
          {hour !== undefined && <b className="font-semibold text-ink">{formatCount(hour[part])}</b>}
        </span>
      ))}
      <span className="flex items-center gap-1.5">
        <span aria-hidden className="h-0.5 w-2.5 bg-ink-soft" />
        Started
        {hour !== undefined && <b className="font-semibold text-ink">{formatCount(hour.started)}</b>}
      </span>
      {hour !== undefined && (
        <span className="ml-auto text-ink-faint max-sm:hidden">
          {clock(hour.at)}–{clock(hour.at + hourMs)}
          {hour.p95Ms !== null && ` · p95 ${formatDuration(hour.p95Ms)}`}
        </span>
      )}
    </div>
  );
}

interface BarsProps {
  readonly hours: readonly Hour[];
  readonly end: number;
  readonly workflow: string | undefined;
  readonly clock: (at: number) => string;
  readonly onPoint: (index: number | undefined) => void;
}

function Bars({ hours, end, workflow, clock, onPoint }: BarsProps) {
  const bars = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState(hours.length - 1);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = Math.min(hours.length - 1, Math.max(0, current + step));
    setCurrent(next);
    bars.current?.querySelectorAll("a")[next]?.focus();
  };
  return (
    <div
      ref={bars}
      role="group"
      aria-label="Runs by hour"
      className="absolute inset-0 flex"
      onKeyDown={onKeyDown}
      onMouseLeave={() => onPoint(undefined)}
    >
      {hours.map((hour, index) => (
        <Link
          key={hour.at}
          to="/runs"
          search={{ from: hour.at, to: hour.at + hourMs, ...(workflow === undefined ? {} : { workflow }) }}
          tabIndex={index === Math.min(current, hours.length - 1) ? 0 : -1}
          aria-label={hourWords(hour, clock)}
          onMouseEnter={() => onPoint(index)}
          onFocus={() => {
            setCurrent(index);
            onPoint(index);
          }}
          onBlur={() => onPoint(undefined)}
          className="group relative flex h-full min-w-0 flex-1 flex-col-reverse px-px -outline-offset-1 hover:bg-hover sm:px-0.5"
        >
          {parts.map((part) => (
            <span
              key={part}
              className={cx("block w-full", looks[part].fill)}
              style={{ height: `${(100 * hour[part]) / end}%` }}
            />
          ))}
          {hour.started > 0 && (
            <span
              className="absolute inset-x-0 h-0.5 bg-ink-soft"
              style={{ bottom: `calc(${(100 * hour.started) / end}% - 1px)` }}
            />
          )}
        </Link>
      ))}
    </div>
  );
}
