// Figures over time as lines on a canvas (uPlot, loaded when the first chart is shown): dragging looks closer, a double
// click looks at all of it again, arrow keys move along it, and what stands there is written above it.
import { useEffect, useEffectEvent, useRef, useState } from "react";
import type { KeyboardEvent } from "react";
import type uPlot from "uplot";
import { usePreferences } from "../parts.ts";
import { cx } from "./cx.ts";
import { Skeleton } from "./states.tsx";
import { formatClock } from "./time-format.ts";

const chartColours = ["--chart-1", "--chart-4", "--chart-2", "--chart-5"] as const;
const keyLooks = ["bg-chart-1", "bg-chart-4", "bg-chart-2", "bg-chart-5"] as const;
const heightPxDefault = 160;
const axisFont = "11px ui-sans-serif, system-ui, sans-serif";
const minuteMs = 60_000;

export interface ChartSeries {
  readonly label: string;
  /** One for each moment; null where nothing is known. */
  readonly values: readonly (number | null)[];
}

interface TimeChartProps {
  /** What it shows, for screen readers: "Duration of runs by hour". */
  readonly label: string;
  /** Moments in milliseconds since 1970, ascending. */
  readonly at: readonly number[];
  /** At most four. */
  readonly series: readonly ChartSeries[];
  readonly format: (value: number) => string;
  readonly heightPx?: number | undefined;
}

export function TimeChart({ label, at, series, format, heightPx = heightPxDefault }: TimeChartProps) {
  const { timeZone } = usePreferences();
  const [pointed, setPointed] = useState<number>();
  const last = at.length - 1;
  const index = pointed === undefined || pointed > last ? last : pointed;
  const span = (at[last] ?? 0) - (at[0] ?? 0);
  const clock = (ms: number) => formatClock(ms, timeZone).slice(0, span > 60 * minuteMs ? 5 : 8);
  const valueAt = (each: ChartSeries) => {
    const value = each.values[index];
    return value === null || value === undefined ? "–" : format(value);
  };
  const when = at[index] === undefined ? "" : clock(at[index]);
  const chart = useChart({ at, series, format, clock, heightPx, onPoint: setPointed });
  const onKeyDown = (event: KeyboardEvent) => {
    const to = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = Math.min(last, Math.max(0, to));
    setPointed(next);
    chart.point(next);
  };
  return (
    <div className="flex min-w-0 flex-col gap-2">
      <div className="flex min-h-5 flex-wrap items-center gap-x-4 gap-y-1 text-xs text-ink-soft tabular">
        {series.map((each, order) => (
          <span key={each.label} className="flex items-center gap-1.5">
            <span aria-hidden className={cx("h-0.5 w-2.5", keyLooks[order])} />
            {each.label}
            <b className="font-semibold text-ink">{valueAt(each)}</b>
          </span>
        ))}
        <span className="ml-auto text-ink-faint">{when}</span>
      </div>
      <div
        role="slider"
        tabIndex={0}
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, last)}
        aria-valuenow={Math.max(0, index)}
        aria-valuetext={`${when}: ${series.map((each) => `${each.label} ${valueAt(each)}`).join(", ")}`}
        onKeyDown={onKeyDown}
        className="relative min-w-0 rounded-sm"
        style={{ height: heightPx }}
      >
        <div ref={chart.place} className="absolute inset-0" />
        {!chart.isDrawn && <Skeleton className="absolute inset-0 h-full" />}
      </div>
    </div>
  );
}

interface Drawing extends Pick<TimeChartProps, "at" | "series" | "format"> {
  readonly clock: (ms: number) => string;
  readonly heightPx: number;
  readonly onPoint: (index: number | undefined) => void;
}

/** Draws into `place`, again when the figures, the theme or the room change. */
function useChart(p: Drawing) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const [isDrawn, setDrawn] = useState(false);
  const data = (): uPlot.AlignedData => [
    p.at.map((ms) => ms / 1_000),
    ...p.series.map(({ values }) => values as (number | null)[]),
  ];
  const make = useEffectEvent((Plot: typeof uPlot, element: HTMLElement) => {
    plot.current = new Plot(optionsOf(p, element.clientWidth), data(), element);
    setDrawn(true);
  });
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    let gone = false;
    void import("uplot").then(({ default: Plot }) => {
      if (!gone) make(Plot, element);
    });
    const room = new ResizeObserver(() =>
      plot.current?.setSize({ width: element.clientWidth, height: element.clientHeight }),
    );
    room.observe(element);
    const theme = new MutationObserver(() => plot.current?.redraw(false, true));
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    return () => {
      gone = true;
      room.disconnect();
      theme.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, []);
  // What was drawn, so that a chart one looks closer at does not jump back while nothing changes.
  const figures = JSON.stringify([p.at, p.series.map(({ values }) => values)]);
  const refresh = useEffectEvent(() => plot.current?.setData(data()));
  useEffect(() => {
    refresh();
  }, [figures, isDrawn]);
  const point = (index: number) => {
    const chart = plot.current;
    const at = chart?.data[0][index];
    if (chart !== undefined && at !== undefined)
      chart.setCursor({ left: chart.valToPos(at, "x"), top: chart.over.clientHeight / 2 }, false);
  };
  return { place, isDrawn, point };
}

function colourOf(token: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(token).trim();
}

/** Colours are asked for at each drawing, so that a change of the theme shows. */
function optionsOf(p: Drawing, width: number): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: () => colourOf("--ink-faint"),
    font: axisFont,
    grid: { stroke: () => colourOf("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: Math.max(1, width),
    height: p.heightPx,
    padding: [8, 4, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: true, y: false } },
    scales: { y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] } },
    axes: [
      { ...axis, size: 24, values: (_, seconds) => seconds.map((each) => p.clock(each * 1_000)) },
      { ...axis, size: 56, space: 40, values: (_, values) => values.map((each) => p.format(each)) },
    ],
    series: [
      {},
      ...p.series.map(({ label }, order) => ({
        label,
        stroke: () => colourOf(chartColours[order] ?? chartColours[0]),
        width: 1.5,
        points: { size: 4 },
      })),
    ],
    hooks: { setCursor: [(chart) => p.onPoint(chart.cursor.idx ?? undefined)] },
  };
}
