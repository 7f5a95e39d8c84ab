// How a step stands, and how each kind of step is called and drawn.
import type { EntryKind } from "@sluice/protocol";
import {
  Ban,
  Bell,
  CircleCheck,
  CircleDot,
  CircleX,
  Clock,
  Cpu,
  Database,
  Flag,
  Hourglass,
  KeyRound,
  ListTree,
  Lock,
  LockOpen,
  Megaphone,
  Play,
  RotateCcw,
  SquareFunction,
  Stamp,
  Undo2,
  Waypoints,
} from "lucide-react";
import type { LucideIcon } from "lucide-react";
import type { Tone } from "../ui/badge.tsx";
import type { EntryState, Step } from "./words.ts";

interface KindLook {
  readonly label: string;
  readonly icon: LucideIcon;
  /** It waits for something instead of doing something. */
  readonly waits?: true;
}

const kindLooks: Readonly<Record<EntryKind, KindLook>> = {
  step: { label: "Step", icon: SquareFunction },
  sleep: { label: "Sleep", icon: Clock, waits: true },
  event: { label: "Event", icon: Bell, waits: true },
  approval: { label: "Approval", icon: Stamp, waits: true },
  token: { label: "Token", icon: KeyRound },
  callback: { label: "Callback", icon: KeyRound, waits: true },
  call: { label: "Child run", icon: ListTree, waits: true },
  start: { label: "Started run", icon: Play },
  task: { label: "Task", icon: Cpu, waits: true },
  emit: { label: "Published event", icon: Megaphone },
  state: { label: "State", icon: Database },
  lock: { label: "Lock", icon: Lock, waits: true },
  unlock: { label: "Unlock", icon: LockOpen },
  race: { label: "Race", icon: Waypoints },
  patched: { label: "Patch", icon: Flag },
  undo: { label: "Undo", icon: Undo2 },
};

interface StateLook {
  readonly label: string;
  readonly tone: Tone;
  readonly icon: LucideIcon;
}

export const stateLooks: Readonly<Record<EntryState, StateLook>> = {
  completed: { label: "Completed", tone: "good", icon: CircleCheck },
  running: { label: "Running", tone: "info", icon: CircleDot },
  waiting: { label: "Waiting", tone: "hold", icon: Hourglass },
  retrying: { label: "Waiting to retry", tone: "warn", icon: RotateCcw },
  failed: { label: "Failed", tone: "bad", icon: CircleX },
  undone: { label: "Undone", tone: "undo", icon: Undo2 },
  aborted: { label: "Given up", tone: "neutral", icon: Ban },
};

/** Anything a newer server may list is shown, too. */
export function kindLook(kind: string): KindLook {
  return (kindLooks as Readonly<Record<string, KindLook | undefined>>)[kind] ?? { label: kind, icon: SquareFunction };
}

const exchanges: ReadonlySet<string> = new Set(["event", "emit", "approval", "token", "callback"]);

/** Whether it is something between the run and the outside. */
export function isExchange({ kind }: Pick<Step, "kind">): boolean {
  return exchanges.has(kind);
}

/** `undone`: numbers of steps whose effect was taken back. */
export function stateOf(step: Step, undone: ReadonlySet<number> = new Set()): EntryState {
  if (step.status === "completed") return undone.has(step.seq) ? "undone" : "completed";
  if (step.status !== "running") return step.status;
  if (kindLook(step.kind).waits === true) return "waiting";
  return step.dueAt !== null && step.error !== null ? "retrying" : "running";
}

/** When its first attempt began, as far as attempts are kept. Milliseconds since 1970. */
export function beganAt({ attempts, startedAt }: Step): number {
  return Math.min(startedAt, attempts[0]?.startedAt ?? startedAt);
}

/** Numbers of the steps that a completed undo took back. */
export function undoneSteps(steps: readonly Step[]): ReadonlySet<number> {
  return new Set(steps.filter(({ seq, status }) => seq < 0 && status === "completed").map(({ seq }) => -seq - 1));
}

/** The worst state of many, as a whole is shown. */
const worstFirst: readonly EntryState[] = [
  "failed",
  "retrying",
  "running",
  "waiting",
  "undone",
  "aborted",
  "completed",
];

export function worstOf(states: Iterable<EntryState>): EntryState {
  const found = new Set(states);
  return worstFirst.find((state) => found.has(state)) ?? "completed";
}
