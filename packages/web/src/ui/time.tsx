// A moment and a length of time, as they are written everywhere in the console.
import { useSyncExternalStore } from "react";
import { useParts, usePreferences } from "../parts.ts";
import { formatDuration, formatMoment, formatRelative, relativeStepMs } from "./time-format.ts";
import { Tooltip } from "./tooltip.tsx";

/** The moment, in steps of `stepMs` (at least a second): a component is drawn again once a step. */
export function useNow(stepMs = 1_000): number {
  const { ticker } = useParts();
  return useSyncExternalStore(ticker.subscribe, () =>
    stepMs <= 1_000 ? ticker.now : ticker.now - (ticker.now % stepMs),
  );
}

interface TimeProps {
  /** Milliseconds since 1970. */
  readonly at: number | null;
  /** `relative` (default) has the whole in its tooltip; `moment` is the whole. */
  readonly form?: "relative" | "moment" | undefined;
  readonly withMs?: boolean | undefined;
  readonly className?: string | undefined;
}

export function Time({ at, form = "relative", withMs = false, className }: TimeProps) {
  if (at === null) return <span className="text-ink-faint">–</span>;
  if (form === "relative") return <RelativeTime at={at} withMs={withMs} className={className} />;
  return (
    <time dateTime={new Date(at).toISOString()} className={className}>
      <Moment at={at} withMs={withMs} />
    </time>
  );
}

/** Of its own, so that a tooltip writes it out when it opens: to write a moment in a zone takes long for a list of them. */
function Moment({ at, withMs }: { readonly at: number; readonly withMs: boolean }) {
  const { timeZone } = usePreferences();
  return <span className="tabular">{formatMoment(at, timeZone, withMs)}</span>;
}

interface RelativeTimeProps {
  readonly at: number;
  readonly withMs: boolean;
  readonly className: string | undefined;
}

function RelativeTime({ at, withMs, className }: RelativeTimeProps) {
  const { ticker } = useParts();
  const now = useNow(relativeStepMs(at, ticker.now));
  return (
    <Tooltip text={<Moment at={at} withMs={withMs} />}>
      <time dateTime={new Date(at).toISOString()} className={className ?? "whitespace-nowrap"}>
        {formatRelative(at, now)}
      </time>
    </Tooltip>
  );
}

interface DurationProps {
  readonly ms: number | null;
  readonly className?: string | undefined;
}

export function Duration({ ms, className }: DurationProps) {
  return <span className={className ?? "tabular whitespace-nowrap"}>{ms === null ? "–" : formatDuration(ms)}</span>;
}

/** How long something has been going on: it counts until `to` is known. */
export function Elapsed({ from, to }: { readonly from: number; readonly to: number | null }) {
  return to === null ? <Running from={from} /> : <Duration ms={to - from} />;
}

function Running({ from }: { readonly from: number }) {
  const now = useNow();
  const seconds = Math.max(0, Math.floor((now - from) / 1_000));
  const words = seconds < 60 ? `${seconds}s` : formatDuration(seconds * 1_000);
  return <span className="tabular whitespace-nowrap">{words}</span>;
}
