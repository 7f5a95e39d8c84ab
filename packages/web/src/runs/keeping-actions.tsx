// What can be done about how a run is kept: moving it to the current code, and erasing what it holds.
import { ArrowRightToLine, Eraser } from "lucide-react";
import type { LucideIcon } from "lucide-react";
import { isFinalStatus } from "@sluice/protocol";
import { useMemo } from "react";
import { useCall } from "../query.ts";
import { useMayOf } from "../session/session.ts";
import { ConfirmDialog } from "../ui/dialog.tsx";
import type { Run } from "./words.ts";

export interface KeepingAction {
  readonly id: string;
  readonly label: string;
  readonly icon: LucideIcon;
  readonly danger?: boolean;
  readonly run: () => void;
}

const touched = ["getRun", "listRuns", "listSteps", "listVersions"] as const;

/** Those that may be and are possible. `erase`: asks whether to erase it. */
export function useKeepingActions(run: Run, erase: () => void): readonly KeepingAction[] {
  const may = useMayOf();
  const { mutate: move } = useCall("moveRun", { changes: touched, done: "On the current code" });
  const { id, workflow, status, payload } = run;
  return useMemo(() => {
    const ended = isFinalStatus(status);
    const moving = {
      id: "move",
      label: "Move to the current code",
      icon: ArrowRightToLine,
      run: () => move({ params: { run: id }, body: {} }),
    };
    const erasing = { id: "erase", label: "Erase its values…", icon: Eraser, danger: true, run: erase };
    return [
      ...(!ended && may("run:move", workflow) ? [moving] : []),
      ...(ended && payload === "encrypted" && may("run:erase", workflow) ? [erasing] : []),
    ];
  }, [id, workflow, status, payload, may, move, erase]);
}

export function EraseDialog({ run, onClose }: { readonly run: Run; readonly onClose: () => void }) {
  const erase = useCall("eraseRun", {
    done: "Erased",
    changes: [...touched, "listLogs"],
    onDone: onClose,
  });
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title="Erase what this run holds"
      confirm="Erase for good"
      danger
      busy={erase.isPending}
      onConfirm={() => erase.mutate({ params: { run: run.id }, body: {} })}
    >
      <p>
        Its input, results, errors and log lines are gone for good, with those of the runs that have its key: those it
        called, forks of it, and what went on from it. Its steps and times stay.
      </p>
    </ConfirmDialog>
  );
}
