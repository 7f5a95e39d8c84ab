// How builds and their tasks look: a word, a sign and a tone for each state, and where a result came from.
import { Ban, CircleCheck, CircleDashed, CircleDot, CircleX, DatabaseZap, Minus, SkipForward } from "lucide-react";
import type { LucideIcon } from "lucide-react";
import { Badge } from "../ui/badge.tsx";
import type { Tone } from "../ui/badge.tsx";
import type { Build, Task } from "./words.ts";

interface Look {
  readonly label: string;
  readonly tone: Tone;
  readonly icon: LucideIcon;
}

const looks: Readonly<Record<Task["status"], Look>> = {
  queued: { label: "Queued", tone: "neutral", icon: CircleDashed },
  running: { label: "Running", tone: "info", icon: CircleDot },
  completed: { label: "Completed", tone: "good", icon: CircleCheck },
  failed: { label: "Failed", tone: "bad", icon: CircleX },
  cancelled: { label: "Cancelled", tone: "neutral", icon: Ban },
  skipped: { label: "Skipped", tone: "neutral", icon: SkipForward },
};

export function BuildBadge({ status }: Pick<Build, "status">) {
  const { label, tone, icon } = looks[status];
  return (
    <Badge tone={tone} icon={icon}>
      {label}
    </Badge>
  );
}

/** How a task stands: a hit is told from what was executed. */
export function taskLook({ status, cache }: Pick<Task, "status" | "cache">): Look {
  if (status !== "completed") return looks[status];
  if (cache === "hit") return { label: "From the cache", tone: "accent", icon: DatabaseZap };
  if (cache === "none") return { label: "Nothing to do", tone: "neutral", icon: Minus };
  return { label: "Executed", tone: "good", icon: CircleCheck };
}

export function TaskBadge({ task }: { readonly task: Pick<Task, "status" | "cache"> }) {
  const { label, tone, icon } = taskLook(task);
  return (
    <Badge tone={tone} icon={icon}>
      {label}
    </Badge>
  );
}
