// What needs somebody now: one line each, with the way to it.
import { Link } from "@tanstack/react-router";
import { Bomb, ChevronRight, CircleCheck, CircleX, PackageOpen, Shuffle, Stamp, Undo2 } from "lucide-react";
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import type { Answer } from "../api.ts";
import { toneText } from "../ui/badge.tsx";
import type { Tone } from "../ui/badge.tsx";
import { Card } from "../ui/card.tsx";
import { cx } from "../ui/cx.ts";
import { formatCount } from "../ui/time-format.ts";

type Needs = Answer<"overview">["needs"];

interface Kind {
  readonly name: keyof Needs;
  readonly icon: LucideIcon;
  readonly tone: Tone;
  readonly words: (count: number) => string;
  readonly detail: string;
  /** Leads to them. */
  readonly link: (p: { readonly className: string; readonly children: ReactNode }) => ReactNode;
}

const some = (count: number, one: string, several: string) => `${formatCount(count)} ${count === 1 ? one : several}`;

const kinds: readonly Kind[] = [
  {
    name: "approvals",
    icon: Stamp,
    tone: "hold",
    words: (count) => some(count, "approval is open", "approvals are open"),
    detail: "Runs wait for somebody's word",
    link: (p) => <Link to="/approvals" {...p} />,
  },
  {
    name: "failed",
    icon: CircleX,
    tone: "bad",
    words: (count) => some(count, "run failed", "runs failed"),
    detail: "In the last 24 hours, and not retried",
    link: (p) => <Link to="/runs" search={{ status: ["failed", "timedout"], ended: "24h" }} {...p} />,
  },
  {
    name: "poison",
    icon: Bomb,
    tone: "bad",
    words: (count) => some(count, "run brings its worker down", "runs bring their workers down"),
    detail: "Held back after crashes: look at their logs, then retry or cancel them",
    link: (p) => <Link to="/runs" search={{ status: ["waiting"], reason: ["poison"] }} {...p} />,
  },
  {
    name: "nonDeterminism",
    icon: Shuffle,
    tone: "warn",
    words: (count) => some(count, "run no longer fits its code", "runs no longer fit their code"),
    detail: "The code does other steps than are recorded",
    link: (p) => (
      <Link to="/runs" search={{ status: ["waiting"], reason: ["non_determinism", "replay_check_failed"] }} {...p} />
    ),
  },
  {
    name: "waitingForVersion",
    icon: PackageOpen,
    tone: "warn",
    words: (count) => some(count, "run waits for its version", "runs wait for their version"),
    detail: "No worker serves the code they began with",
    link: (p) => (
      <Link to="/runs" search={{ status: ["waiting"], reason: ["version_unavailable", "workflow_unknown"] }} {...p} />
    ),
  },
  {
    name: "undo",
    icon: Undo2,
    tone: "undo",
    words: (count) => some(count, "run could not be undone", "runs could not be undone"),
    detail: "An undo failed or has no code any more",
    link: (p) => (
      <Link to="/runs" search={{ status: ["waiting"], reason: ["undo_failed", "undo_unavailable"] }} {...p} />
    ),
  },
];

export function NeedsCard({ needs }: { readonly needs: Needs }) {
  const open = kinds.filter(({ name }) => needs[name] > 0);
  return (
    <Card title="Needs you" flush>
      {open.length === 0 ? (
        <div className="flex items-center gap-3 p-4 text-sm text-ink-soft">
          <CircleCheck aria-hidden className="size-5 shrink-0 text-good" />
          Nothing waits for you. No failures in the last 24 hours that were not retried.
        </div>
      ) : (
        <ul>
          {open.map(({ name, icon: Icon, tone, words, detail, link }) => (
            <li key={name} className="border-b border-line last:border-b-0">
              {link({
                className: "group flex items-center gap-3 px-4 py-2.5 -outline-offset-2 hover:bg-hover",
                children: (
                  <>
                    <Icon aria-hidden className={cx("size-4 shrink-0", toneText[tone])} />
                    <span className="flex min-w-0 flex-col">
                      <span className="text-sm font-medium tabular">{words(needs[name])}</span>
                      <span className="text-xs text-ink-faint">{detail}</span>
                    </span>
                    <ChevronRight aria-hidden className="ml-auto size-4 shrink-0 text-ink-faint group-hover:text-ink" />
                  </>
                ),
              })}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
