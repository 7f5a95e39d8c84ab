// How many entries there are over time, by level: each bar leads to its own stretch.
import { barMs, levels } from "./use-logs.ts";
import type { Bar, Level, LogSpan } from "./use-logs.ts";

const fills: Readonly<Record<Level, string>> = {
  fatal: "bg-chart-3",
  error: "bg-chart-3",
  warn: "bg-chart-4",
  info: "bg-chart-5",
  debug: "bg-chart-2",
  trace: "bg-chart-2",
  unknown: "bg-chart-6",
};

interface HistogramProps {
  readonly bars: readonly Bar[];
  readonly span: LogSpan;
  readonly onZoom: (span: LogSpan) => void;
}

function sumOf({ counts }: Bar): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function wordsOf(bar: Bar): string {
  const parts = levels.flatMap((level) => (bar.counts[level] === undefined ? [] : [`${bar.counts[level]} ${level}`]));
  return `${new Date(bar.fromMs).toLocaleTimeString()}: ${parts.length === 0 ? "nothing" : parts.join(", ")}`;
}

export function Histogram({ bars, span, onZoom }: HistogramProps) {
  const stepMs = barMs(span);
  const max = Math.max(1, ...bars.map(sumOf));
  const total = bars.reduce((sum, bar) => sum + sumOf(bar), 0);
  return (
    <figure aria-label={`Entries over time: ${total}`} className="shrink-0 px-4 pb-2 sm:px-6">
      <div className="flex h-20 items-end gap-px">
        {bars.map((bar) => (
          <button
            key={bar.fromMs}
            type="button"
            title={wordsOf(bar)}
            aria-label={wordsOf(bar)}
            onClick={() => onZoom({ fromMs: bar.fromMs, toMs: bar.fromMs + stepMs })}
            className="flex h-full min-w-0 grow flex-col justify-end hover:bg-hover"
          >
            {levels.map((level) => {
              const count = bar.counts[level] ?? 0;
              return (
                count > 0 && <span key={level} className={fills[level]} style={{ height: `${(count / max) * 100}%` }} />
              );
            })}
          </button>
        ))}
      </div>
    </figure>
  );
}
