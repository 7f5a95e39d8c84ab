// What can be done with one run, by whoever may: as buttons, in the palette and by keys, with a question before what cannot
// be taken back.
import { useNavigate } from "@tanstack/react-router";
import { Copy, Ellipsis, GitCompareArrows, ListTree } from "lucide-react";
import type { LucideIcon } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { useToasts } from "../parts.ts";
import { useCall } from "../query.ts";
import { useMayOf } from "../session/session.ts";
import { useActions } from "../shell/use-actions.ts";
import { useIsWide } from "../ui/columns.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { copyText } from "../ui/code-block.tsx";
import { ConfirmDialog } from "../ui/dialog.tsx";
import { Field, Input } from "../ui/field.tsx";
import { Menu } from "../ui/menu.tsx";
import { actionIcons, permissionOf } from "./bulk-bar.tsx";
import { actionWords, isPossible } from "./bulk.ts";
import type { BulkAction } from "./bulk.ts";
import { EraseDialog, useKeepingActions } from "./keeping-actions.tsx";
import type { Run } from "./words.ts";

interface RunAction {
  readonly id: string;
  readonly label: string;
  readonly icon: LucideIcon;
  readonly keys?: string;
  readonly danger?: boolean;
  readonly busy?: boolean;
  /** Stands beside the title; the others are in the menu. */
  readonly leads?: boolean;
  readonly run: () => void;
}

const touched = ["getRun", "listRuns", "listSteps", "overview"] as const;
const actionKeys: Readonly<Record<BulkAction, string>> = {
  cancel: "c",
  retry: "r",
  pause: "p",
  resume: "p",
  fork: "f",
  delete: "mod+backspace",
};

interface RunActionsProps {
  readonly run: Run;
  readonly onFork: () => void;
}

export function RunActions({ run, onFork }: RunActionsProps) {
  const [asking, setAsking] = useState<Question>();
  const actions = useRunActions(run, { onFork, ask: setAsking });
  const roomy = useIsWide("md");
  useActions(
    useMemo(
      () =>
        actions.map(({ id, label, icon, keys, run: start }) => ({
          id: `run:${id}`,
          group: "This run",
          label,
          icon,
          keys,
          run: start,
        })),
      [actions],
    ),
  );
  const shown = actions.filter(({ leads }) => leads === true && roomy);
  const rest = actions.filter((action) => !shown.includes(action));
  const item = ({ label, icon, keys, danger, run: start }: RunAction) => ({ label, icon, keys, danger, run: start });
  return (
    <>
      {shown.map(({ id, label, icon, busy, run: start }) => (
        <Button key={id} size="sm" icon={icon} busy={busy === true} onClick={start}>
          {label}
        </Button>
      ))}
      <Menu
        groups={[
          rest.filter(({ danger }) => danger !== true).map(item),
          rest.filter(({ danger }) => danger === true).map(item),
        ]}
      >
        <IconButton icon={Ellipsis} label="More actions" />
      </Menu>
      {asking === "cancel" && <CancelDialog run={run} onClose={() => setAsking(undefined)} />}
      {asking === "delete" && <DeleteDialog run={run} onClose={() => setAsking(undefined)} />}
      {asking === "erase" && <EraseDialog run={run} onClose={() => setAsking(undefined)} />}
    </>
  );
}

type Question = "cancel" | "delete" | "erase";

interface ActionParts {
  readonly onFork: () => void;
  readonly ask: (question: Question) => void;
}

function useRunActions(run: Run, { onFork, ask }: ActionParts): readonly RunAction[] {
  const may = useMayOf();
  const { pause, resume, retry, busy } = useCalls(run.id);
  const further = useFurtherActions(run);
  const keeping = useKeepingActions(
    run,
    useCallback(() => ask("erase"), [ask]),
  );
  const { workflow, status, statusReason } = run;
  return useMemo(() => {
    const starts: Readonly<Record<BulkAction, () => void>> = {
      cancel: () => ask("cancel"),
      delete: () => ask("delete"),
      fork: onFork,
      retry: () => retry("current"),
      pause,
      resume,
    };
    const offered = (["retry", "resume", "pause", "fork", "cancel", "delete"] as const).filter(
      (action) => isPossible(action, { status, statusReason }) && may(permissionOf(action), workflow),
    );
    const asks: ReadonlySet<BulkAction> = new Set(["fork", "cancel", "delete"]);
    const pinned = {
      id: "retry-pinned",
      label: "Retry with the code it was started with",
      icon: actionIcons.retry,
      run: () => retry("pinned"),
    };
    return [
      ...offered.map((action) => ({
        id: action,
        label: `${actionWords[action].verb}${asks.has(action) ? "…" : ""}`,
        icon: actionIcons[action],
        keys: actionKeys[action],
        danger: action === "delete",
        leads: action !== "delete",
        busy: busy === action,
        run: starts[action],
      })),
      ...(offered.includes("retry") ? [pinned] : []),
      ...keeping,
      ...further,
    ];
  }, [workflow, status, statusReason, may, ask, onFork, retry, pause, resume, busy, keeping, further]);
}

/** What is done at once, with a way back where there is one. */
function useCalls(run: string) {
  const toasts = useToasts();
  const { mutate: resume, isPending: resuming } = useCall("resumeRun", { changes: touched });
  const { mutate: pause, isPending: pausing } = useCall("pauseRun", { changes: touched });
  const { mutate: retry, isPending: retrying } = useCall("retryRun", {
    changes: touched,
    done: "Retrying from the step that failed",
  });
  const busy = resuming ? "resume" : pausing ? "pause" : retrying ? "retry" : undefined;
  return useMemo(() => {
    const call = { params: { run }, body: {} };
    const told = (title: string, undo: () => void) => ({
      onSuccess: () => void toasts.show({ tone: "good" as const, title, undo }),
    });
    return {
      busy,
      pause: () =>
        pause(
          call,
          told("Paused", () => resume(call)),
        ),
      resume: () =>
        resume(
          call,
          told("Resumed", () => pause(call)),
        ),
      retry: (code: "current" | "pinned") => retry({ params: { run }, body: { code } }),
    };
  }, [run, busy, toasts, pause, resume, retry]);
}

/** What leads elsewhere. */
function useFurtherActions({ id, workflow }: Run): readonly RunAction[] {
  const navigate = useNavigate();
  return useMemo(
    () => [
      {
        id: "compare",
        label: "Compare with another run",
        icon: GitCompareArrows,
        run: () => void navigate({ to: "/runs/compare", search: { a: id } }),
      },
      {
        id: "same-workflow",
        label: "Runs of this workflow",
        icon: ListTree,
        run: () => void navigate({ to: "/runs", search: { workflow } }),
      },
      { id: "copy", label: "Copy its id", icon: Copy, run: () => void copyText(id) },
    ],
    [id, workflow, navigate],
  );
}

function CancelDialog({ run, onClose }: { readonly run: Run; readonly onClose: () => void }) {
  const [reason, setReason] = useState("");
  const cancel = useCall("cancelRun", { done: "Cancelled", changes: touched, onDone: onClose });
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title="Cancel this run"
      confirm="Cancel the run"
      danger
      busy={cancel.isPending}
      onConfirm={() => cancel.mutate({ params: { run: run.id }, body: reason === "" ? {} : { reason } })}
    >
      <div className="flex flex-col gap-3">
        <p>What it has done is undone where the workflow says how. This cannot be taken back; it can be retried.</p>
        <Field label="Reason" help="Kept with the run and in the audit trail.">
          {(ties) => (
            <Input {...ties} value={reason} maxLength={4_096} onChange={({ target }) => setReason(target.value)} />
          )}
        </Field>
      </div>
    </ConfirmDialog>
  );
}

function DeleteDialog({ run, onClose }: { readonly run: Run; readonly onClose: () => void }) {
  const navigate = useNavigate();
  const remove = useCall("deleteRun", {
    done: "Deleted",
    changes: ["listRuns", "overview"],
    onDone: () => void navigate({ to: "/runs" }),
  });
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title="Delete this run"
      confirm="Delete the run"
      danger
      busy={remove.isPending}
      onConfirm={() => remove.mutate({ params: { run: run.id } })}
    >
      <p>Its journal, logs and values are gone for good. The audit trail keeps who deleted it.</p>
    </ConfirmDialog>
  );
}
