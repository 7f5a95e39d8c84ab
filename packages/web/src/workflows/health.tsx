// How a workflow is, in a word with a sign.
import { CircleCheck, CircleDashed, CircleX } from "lucide-react";
import { Badge } from "../ui/badge.tsx";
import type { Health } from "./words.ts";

export const healthLooks = {
  good: { label: "Good", tone: "good", icon: CircleCheck },
  failing: { label: "Failing", tone: "bad", icon: CircleX },
  idle: { label: "Idle", tone: "neutral", icon: CircleDashed },
} as const satisfies Record<Health, unknown>;

export function HealthBadge({ health }: { readonly health: Health }) {
  const { label, tone, icon } = healthLooks[health];
  return (
    <Badge tone={tone} icon={icon}>
      {label}
    </Badge>
  );
}
