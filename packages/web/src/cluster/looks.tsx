// How health, changes, risks and operations look: a word and a sign beside each colour.
import type { ChangeAction, HealthState, OperationStatus, PlanStatus, ReconcileState } from "@sluice/protocol";
import {
  CircleCheck,
  CircleDashed,
  CircleDot,
  CircleHelp,
  CirclePause,
  CircleX,
  Equal,
  FastForward,
  Hourglass,
  Minus,
  Pencil,
  Plus,
  Stamp,
  Trash2,
  TriangleAlert,
} from "lucide-react";
import type { LucideIcon } from "lucide-react";
import { Badge } from "../ui/badge.tsx";
import type { Tone } from "../ui/badge.tsx";

interface Look {
  readonly label: string;
  readonly tone: Tone;
  readonly icon: LucideIcon;
}

const reconcileLooks: Readonly<Record<ReconcileState, Look>> = {
  Current: { label: "Current", tone: "good", icon: CircleCheck },
  InProgress: { label: "In progress", tone: "info", icon: CircleDashed },
  Failed: { label: "Failed", tone: "bad", icon: CircleX },
  Terminating: { label: "Terminating", tone: "undo", icon: Trash2 },
  NotFound: { label: "Not found", tone: "warn", icon: Minus },
  Unknown: { label: "Unknown", tone: "warn", icon: CircleHelp },
};

const healthLooks: Readonly<Record<HealthState, Look>> = {
  Healthy: { label: "Healthy", tone: "good", icon: CircleCheck },
  Suspended: { label: "Suspended", tone: "hold", icon: CirclePause },
  Progressing: { label: "Progressing", tone: "info", icon: CircleDashed },
  Missing: { label: "Missing", tone: "warn", icon: Minus },
  Degraded: { label: "Degraded", tone: "bad", icon: TriangleAlert },
  Unknown: { label: "Unknown", tone: "warn", icon: CircleHelp },
};

const actionLooks: Readonly<Record<ChangeAction, Look>> = {
  create: { label: "Create", tone: "good", icon: Plus },
  update: { label: "Change", tone: "info", icon: Pencil },
  unchanged: { label: "Unchanged", tone: "neutral", icon: Equal },
  prune: { label: "Remove", tone: "bad", icon: Minus },
  unknown: { label: "Unknown until then", tone: "warn", icon: CircleHelp },
};

type Risk = "low" | "medium" | "high";

const riskLooks: Readonly<Record<Risk, Look>> = {
  high: { label: "High risk", tone: "bad", icon: TriangleAlert },
  medium: { label: "Medium risk", tone: "warn", icon: TriangleAlert },
  low: { label: "Low risk", tone: "neutral", icon: CircleDot },
};

const operationLooks: Readonly<Record<OperationStatus, Look>> = {
  running: { label: "Running", tone: "info", icon: CircleDot },
  completed: { label: "Completed", tone: "good", icon: CircleCheck },
  failed: { label: "Failed", tone: "bad", icon: CircleX },
  superseded: { label: "Superseded", tone: "neutral", icon: FastForward },
};

const planLooks: Readonly<Record<PlanStatus, Look>> = {
  open: { label: "Waits for approval", tone: "hold", icon: Hourglass },
  approved: { label: "Approved", tone: "good", icon: Stamp },
  applied: { label: "Applied", tone: "neutral", icon: CircleCheck },
};

function LookBadge({ look }: { readonly look: Look }) {
  return (
    <Badge tone={look.tone} icon={look.icon}>
      {look.label}
    </Badge>
  );
}

export function ReconcileBadge({ state }: { readonly state: ReconcileState }) {
  return <LookBadge look={reconcileLooks[state]} />;
}

export function HealthBadge({ state }: { readonly state: HealthState }) {
  return <LookBadge look={healthLooks[state]} />;
}

export function ActionBadge({ action }: { readonly action: ChangeAction }) {
  return <LookBadge look={actionLooks[action]} />;
}

export function RiskBadge({ risk }: { readonly risk: Risk }) {
  return <LookBadge look={riskLooks[risk]} />;
}

export function OperationBadge({ status }: { readonly status: OperationStatus }) {
  return <LookBadge look={operationLooks[status]} />;
}

export function PlanBadge({ status, refused }: { readonly status: PlanStatus; readonly refused: boolean }) {
  return <LookBadge look={refused ? { label: "Refused", tone: "bad", icon: CircleX } : planLooks[status]} />;
}
