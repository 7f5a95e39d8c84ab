// The line below a terminal: whether it is connected, who looks on, who decides about the size, how its program ended.
import type { TerminalState } from "@sluice/protocol/terminal-frames";
import { CircleStop, Eye, Link2, Maximize2, Plug, Unplug } from "lucide-react";
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "../ui/button.tsx";
import { Text } from "../ui/text.tsx";
import { useNow } from "../ui/time.tsx";
import type { LinkPhase } from "./terminal-link.ts";

interface PaneStatusProps {
  readonly phase: LinkPhase;
  readonly state: TerminalState | undefined;
  readonly address: string | undefined;
  readonly mayType: boolean;
  readonly onDrive: (on: boolean) => void;
  readonly onHurry: () => void;
}

export function PaneStatus({ phase, state, address, mayType, onDrive, onHurry }: PaneStatusProps) {
  const hasEnded = state?.status === "exited";
  return (
    <footer className="flex min-h-7 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-t border-line bg-panel px-2 py-0.5 text-xs text-ink-soft">
      <Connection phase={phase} onHurry={onHurry} />
      {hasEnded && <Word icon={CircleStop}>{endOf(state)}</Word>}
      {address !== undefined && (
        <Word icon={Link2}>
          <Text>{address}</Text> <span className="text-ink-faint">Ctrl or ⌘ and a click opens it</span>
        </Word>
      )}
      <span className="ml-auto flex items-center gap-3">
        {state !== undefined && (state.viewers > 1 || !mayType) && (
          <Word icon={Eye}>
            {mayType ? "" : "You look on"}
            {!mayType && state.viewers > 1 ? ", " : ""}
            {state.viewers > 1 ? `${state.viewers} are here` : ""}
          </Word>
        )}
        {state !== undefined && !hasEnded && mayType && !state.drives && (
          <Button size="sm" tone="quiet" icon={Maximize2} className="h-5.5" onClick={() => onDrive(true)}>
            Fit to this window
          </Button>
        )}
      </span>
    </footer>
  );
}

function Word({ icon: Icon, children }: { readonly icon: LucideIcon; readonly children: ReactNode }) {
  return (
    <span className="flex min-w-0 items-center gap-1.5">
      <Icon aria-hidden className="size-3 shrink-0" />
      <span className="min-w-0 truncate">{children}</span>
    </span>
  );
}

function endOf({ exitCode, signal }: TerminalState): string {
  return signal === null ? `Ended with exit code ${exitCode ?? 0}` : `Ended by ${signal}`;
}

function Connection({ phase, onHurry }: { readonly phase: LinkPhase; readonly onHurry: () => void }) {
  switch (phase.kind) {
    case "connecting":
      return <Word icon={Plug}>Connecting…</Word>;
    case "open":
      return <Word icon={Plug}>Connected</Word>;
    case "lost":
      return <Lost retryAt={phase.retryAt} onHurry={onHurry} />;
    case "over":
    default:
      return (
        <Word icon={Unplug}>
          <Text>{phase.reason}</Text>
        </Word>
      );
  }
}

function Lost({ retryAt, onHurry }: { readonly retryAt: number; readonly onHurry: () => void }) {
  const now = useNow();
  const seconds = Math.max(0, Math.ceil((retryAt - now) / 1_000));
  return (
    <span role="status" className="flex items-center gap-2 text-warn">
      <Word icon={Unplug}>Not connected: what you type is lost. Next try in {seconds} s</Word>
      <Button size="sm" tone="quiet" className="h-5.5" onClick={onHurry}>
        Now
      </Button>
    </span>
  );
}
