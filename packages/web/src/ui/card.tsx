// Panels with something in them: a card, a figure, pairs of name and value.
import type { ReactNode } from "react";
import { cx } from "./cx.ts";
import type { Tone } from "./badge.tsx";
import { toneText } from "./badge.tsx";

interface CardProps {
  readonly title?: string | undefined;
  readonly detail?: ReactNode;
  /** At the right end of its title. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  /** Without padding: for tables and lists that reach its edges. */
  readonly flush?: boolean | undefined;
  readonly className?: string | undefined;
}

export function Card({ title, detail, actions, children, flush = false, className }: CardProps) {
  return (
    <section className={cx("min-w-0 rounded-lg border border-line bg-panel shadow-card", className)} aria-label={title}>
      {title !== undefined && (
        <header className="flex min-h-10 items-center gap-2 border-b border-line px-4 py-1.5">
          <h2 className="text-sm font-semibold">{title}</h2>
          {detail !== undefined && <span className="truncate text-xs text-ink-faint">{detail}</span>}
          <div className="ml-auto flex items-center gap-1.5">{actions}</div>
        </header>
      )}
      <div className={flush ? "min-w-0" : "p-4"}>{children}</div>
    </section>
  );
}

interface StatProps {
  readonly label: string;
  readonly value: ReactNode;
  readonly unit?: string | undefined;
  readonly tone?: Tone | undefined;
  readonly detail?: ReactNode;
  /** Below the figure, as a sparkline. */
  readonly children?: ReactNode;
}

/** A figure with its name. */
export function Stat({ label, value, unit, tone, detail, children }: StatProps) {
  return (
    <div className="flex min-w-0 flex-col gap-0.5">
      <div className="truncate text-xs text-ink-faint">{label}</div>
      <div
        className={cx("tabular truncate text-xl font-semibold tracking-tight", tone !== undefined && toneText[tone])}
      >
        {value}
        {unit !== undefined && <span className="ml-1 text-sm font-normal text-ink-faint">{unit}</span>}
      </div>
      {detail !== undefined && <div className="truncate text-xs text-ink-faint">{detail}</div>}
      {children}
    </div>
  );
}

interface Pair {
  readonly name: string;
  readonly value: ReactNode;
}

/** Names and values; what has the value null is left out. */
export function KeyValue({
  pairs,
  className,
}: {
  readonly pairs: readonly (Pair | null)[];
  readonly className?: string;
}) {
  return (
    <dl className={cx("grid grid-cols-[minmax(6rem,auto)_1fr] gap-x-4 gap-y-1.5 text-sm", className)}>
      {pairs.map(
        (pair) =>
          pair !== null && (
            <div key={pair.name} className="contents">
              <dt className="text-ink-faint">{pair.name}</dt>
              <dd className="min-w-0 text-ink">{pair.value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
