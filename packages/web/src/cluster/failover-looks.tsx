// How the statuses of failovers look.
import { Ban, CircleCheck, CircleDashed, CircleX, Loader, ShieldCheck } from "lucide-react";
import type { LucideIcon } from "lucide-react";
import type { Answer } from "../api.ts";
import { Badge } from "../ui/badge.tsx";
import type { Tone } from "../ui/badge.tsx";

export type Failover = Answer<"getFailover">["failover"];

const looks: Readonly<Record<Failover["status"], { label: string; tone: Tone; icon: LucideIcon }>> = {
  open: { label: "Not approved", tone: "hold", icon: CircleDashed },
  approved: { label: "Approved", tone: "info", icon: ShieldCheck },
  running: { label: "Under way", tone: "accent", icon: Loader },
  completed: { label: "Completed", tone: "good", icon: CircleCheck },
  failed: { label: "Failed", tone: "bad", icon: CircleX },
  superseded: { label: "Superseded", tone: "neutral", icon: Ban },
};

export function FailoverBadge({ status }: Pick<Failover, "status">) {
  const { label, tone, icon } = looks[status];
  return (
    <Badge tone={tone} icon={icon}>
      {label}
    </Badge>
  );
}
