// Small labels: a word with a tone, and the status of a run with a sign of its own beside the colour.
import type { RunStatus } from "@sluice/protocol";
import {
  Ban,
  CircleCheck,
  CircleDashed,
  CircleDot,
  CirclePause,
  CircleX,
  Hourglass,
  TimerOff,
  Undo2,
} from "lucide-react";
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "./cx.ts";

export type Tone = "neutral" | "accent" | "good" | "bad" | "warn" | "info" | "hold" | "undo";

export const toneText: Readonly<Record<Tone, string>> = {
  neutral: "text-ink-soft",
  accent: "text-accent-ink",
  good: "text-good",
  bad: "text-bad",
  warn: "text-warn",
  info: "text-info",
  hold: "text-hold",
  undo: "text-undo",
};
const toneSoft: Readonly<Record<Tone, string>> = {
  neutral: "bg-inset",
  accent: "bg-accent-soft",
  good: "bg-good-soft",
  bad: "bg-bad-soft",
  warn: "bg-warn-soft",
  info: "bg-info-soft",
  hold: "bg-hold-soft",
  undo: "bg-undo-soft",
};

interface BadgeProps {
  readonly tone?: Tone | undefined;
  readonly icon?: LucideIcon | undefined;
  readonly children: ReactNode;
  readonly className?: string | undefined;
}

export function Badge({ tone = "neutral", icon: Icon, children, className }: BadgeProps) {
  return (
    <span
      className={cx(
        "inline-flex h-5 max-w-full items-center gap-1 whitespace-nowrap rounded-sm px-1.5 text-xs font-medium",
        toneSoft[tone],
        toneText[tone],
        className,
      )}
    >
      {Icon !== undefined && <Icon aria-hidden className="size-3 shrink-0" strokeWidth={2.25} />}
      <span className="truncate">{children}</span>
    </span>
  );
}

/** How each status of a run looks: its word, its sign and its tone. */
export const runStatusLooks: Readonly<Record<RunStatus, { label: string; tone: Tone; icon: LucideIcon }>> = {
  queued: { label: "Queued", tone: "neutral", icon: CircleDashed },
  running: { label: "Running", tone: "info", icon: CircleDot },
  waiting: { label: "Waiting", tone: "hold", icon: Hourglass },
  paused: { label: "Paused", tone: "warn", icon: CirclePause },
  undoing: { label: "Undoing", tone: "undo", icon: Undo2 },
  completed: { label: "Completed", tone: "good", icon: CircleCheck },
  failed: { label: "Failed", tone: "bad", icon: CircleX },
  cancelled: { label: "Cancelled", tone: "neutral", icon: Ban },
  timedout: { label: "Timed out", tone: "bad", icon: TimerOff },
};

/** A reason code as words: `workflow_unknown` is "workflow unknown". */
export function reasonWords(reason: string): string {
  return reason.replaceAll("_", " ");
}

/** The words behind a status: what the status says itself is not said again. */
function wordsAfter(label: string, reason: string): string {
  const words = reasonWords(reason);
  const said = `${label.toLowerCase()} `;
  return words.startsWith(said) ? words.slice(said.length) : words;
}

/** Why a run has its status, where that says more than the status. */
const toldByStatus: ReadonlySet<string> = new Set(["error", "cancelled_by_user", "paused_by_user", "run_timeout"]);

export function StatusBadge({ status, reason }: { readonly status: RunStatus; readonly reason?: string | null }) {
  const { label, tone, icon } = runStatusLooks[status];
  const more =
    reason === undefined || reason === null || toldByStatus.has(reason) ? undefined : wordsAfter(label, reason);
  return (
    <Badge tone={tone} icon={icon}>
      {more === undefined ? label : more.startsWith("for ") ? `${label} ${more}` : `${label} · ${more}`}
    </Badge>
  );
}

/** The sign alone, for dense lists; its word is there for screen readers. */
export function StatusIcon({ status, className }: { readonly status: RunStatus; readonly className?: string }) {
  const { label, tone, icon: Icon } = runStatusLooks[status];
  return (
    <span className={cx("inline-flex", toneText[tone], className)} title={label}>
      <Icon aria-hidden className="size-4" />
      <span className="sr-only">{label}</span>
    </span>
  );
}
