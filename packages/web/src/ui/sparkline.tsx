// A small picture of a row of figures, beside the figure that matters. Its words say what the picture shows.

interface SparklineProps {
  /** Null where nothing is known. */
  readonly values: readonly (number | null)[];
  /** For screen readers: "Runs an hour, the last day: 40 to 63". */
  readonly label: string;
  /** The part of each value that stands out, as failures among runs. */
  readonly marked?: readonly number[] | undefined;
  readonly form?: "bars" | "line" | undefined;
  readonly className?: string | undefined;
}

const width = 100;
const height = 24;

export function Sparkline({ values, label, marked, form = "bars", className = "h-6 w-full" }: SparklineProps) {
  const max = Math.max(1e-9, ...values.map((value) => value ?? 0));
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      className={className}
    >
      {form === "line" ? (
        <path
          d={linePath(values, max)}
          fill="none"
          vectorEffect="non-scaling-stroke"
          strokeWidth={1.5}
          className="stroke-chart-1"
        />
      ) : (
        values.map((value, index) => {
          const step = width / values.length;
          const tall = ((value ?? 0) / max) * (height - 1);
          const mark = ((marked?.[index] ?? 0) / max) * (height - 1);
          return (
            // Places in time do not move: their number is what they are.
            <g key={index}>
              <rect x={index * step} y={height - 1} width={step * 0.75} height={1} className="fill-line-strong" />
              <rect
                x={index * step}
                y={height - tall}
                width={step * 0.75}
                height={tall}
                className="fill-chart-1 opacity-70"
              />
              {mark > 0 && (
                <rect x={index * step} y={height - mark} width={step * 0.75} height={mark} className="fill-chart-3" />
              )}
            </g>
          );
        })
      )}
    </svg>
  );
}

function linePath(values: readonly (number | null)[], max: number): string {
  const step = width / Math.max(1, values.length - 1);
  let pen = "M";
  return values
    .map((value, index) => {
      if (value === null) {
        pen = "M";
        return "";
      }
      const point = `${pen}${(index * step).toFixed(2)} ${(height - 1 - (value / max) * (height - 2)).toFixed(2)}`;
      pen = "L";
      return point;
    })
    .join("");
}
