// Before something is done to many runs: how many they are, counted by the server, and a reason where one is kept.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api } from "../api.ts";
import type { Answer } from "../api.ts";
import { useToasts } from "../parts.ts";
import { useCall } from "../query.ts";
import { ConfirmDialog } from "../ui/dialog.tsx";
import { Field, Input } from "../ui/field.tsx";
import { ErrorState, Skeleton } from "../ui/states.tsx";
import { formatCount } from "../ui/time-format.ts";
import { actionWords, doToEach, narrowed } from "./bulk.ts";
import type { BulkAction, BulkOutcome, BulkTask } from "./bulk.ts";
import { consequences, MatchedWords, runsWord } from "./bulk-words.tsx";
import { bulkFilterOf, filterOf } from "./run-filter.ts";
import type { RunFilter } from "./run-filter.ts";

interface BulkDialogProps {
  readonly task: BulkTask | undefined;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export function BulkDialog({ task, onClose, onDone }: BulkDialogProps) {
  if (task === undefined) return null;
  if ("runs" in task) return <ChosenDialog key={task.action} task={task} onClose={onClose} onDone={onDone} />;
  return <MatchingDialog key={task.action} task={task} onClose={onClose} onDone={onDone} />;
}

function Reason(p: { action: BulkAction; value: string; onChange: (text: string) => void }) {
  if (p.action !== "cancel") return null;
  return (
    <Field label="Reason" help="Kept with the runs and in the audit trail.">
      {(ties) => (
        <Input {...ties} value={p.value} maxLength={4_096} onChange={({ target }) => p.onChange(target.value)} />
      )}
    </Field>
  );
}

/** Says what came of it, with a way back where there is one. */
function useTelling(): (action: BulkAction, outcome: BulkOutcome, undo?: () => void) => void {
  const toasts = useToasts();
  return (action, { changed, refused, reason }, undo) =>
    toasts.show({
      tone: refused > 0 && changed === 0 ? "bad" : "good",
      title: `${actionWords[action].done} ${runsWord(changed)}`,
      detail: refused === 0 ? undefined : `${formatCount(refused)} refused${reason === undefined ? "" : `: ${reason}`}`,
      undo,
    });
}

type MatchingTask = Extract<BulkTask, { search: unknown }>;

function MatchingDialog({ task, onClose, onDone }: { task: MatchingTask; onClose: () => void; onDone: () => void }) {
  const { action } = task;
  // What comes into being while one reads is not meant.
  const [filter] = useState(() => withEnd(narrowed(action, filterOf(task.search, Date.now()))));
  const [reason, setReason] = useState("");
  const tell = useTelling();
  const count = useQuery({
    queryKey: ["bulkRuns", action, filter],
    queryFn: async () =>
      filter === undefined
        ? { matched: 0, changed: 0, refused: 0 }
        : api("bulkRuns", { body: { action, filter: bulkFilterOf(filter), dryRun: true } }),
    gcTime: 0,
  });
  const bulk = useCall("bulkRuns", {
    changes: ["listRuns", "getRun"],
    onDone: ({ changed, refused }: Answer<"bulkRuns">) => {
      tell(action, { changed, refused, reason: undefined });
      onDone();
    },
  });
  const { verb } = actionWords[action];
  const matched = count.data?.matched;
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={matched === undefined ? `${verb} runs` : matched === 0 ? "Nothing to do" : `${verb} ${runsWord(matched)}`}
      confirm={matched === undefined ? verb : `${verb} ${runsWord(matched)}`}
      danger={action === "delete" || action === "cancel"}
      busy={bulk.isPending}
      onConfirm={() => {
        if (filter === undefined || matched === undefined || matched === 0) return onClose();
        return bulk.mutate({ body: { action, filter: bulkFilterOf(filter), ...(reason === "" ? {} : { reason }) } });
      }}
    >
      <div className="flex flex-col gap-3">
        {count.error !== null ? (
          <ErrorState error={count.error} onRetry={() => void count.refetch()} />
        ) : matched === undefined ? (
          <Skeleton className="w-2/3" />
        ) : (
          <MatchedWords action={action} matched={matched} filter={filter} />
        )}
        <Reason action={action} value={reason} onChange={setReason} />
      </div>
    </ConfirmDialog>
  );
}

function withEnd(filter: RunFilter | undefined): RunFilter | undefined {
  return filter === undefined ? undefined : { ...filter, to: filter.to ?? Date.now() };
}

type ChosenTask = Extract<BulkTask, { runs: unknown }>;

function ChosenDialog({ task, onClose, onDone }: { task: ChosenTask; onClose: () => void; onDone: () => void }) {
  const { action, runs } = task;
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  const [progress, setProgress] = useState<number>();
  const tell = useTelling();
  const opposite = action === "pause" ? "resume" : action === "resume" ? "pause" : undefined;
  const run = async (): Promise<void> => {
    setProgress(0);
    const ids = runs.map(({ id }) => id);
    const outcome = await doToEach(action, ids, { reason: reason || undefined, onProgress: setProgress });
    const undo = async (): Promise<void> => {
      if (opposite === undefined) return;
      tell(opposite, await doToEach(opposite, ids, {}));
      await client.invalidateQueries({ queryKey: ["listRuns"] });
    };
    tell(action, outcome, opposite === undefined || outcome.changed === 0 ? undefined : () => void undo());
    await client.invalidateQueries({ queryKey: ["listRuns"] });
    onDone();
  };
  const isHarmless = action === "pause" || action === "resume";
  useEffect(() => {
    // It can be taken back, so nobody is asked.
    if (isHarmless) void run();
    // Once, when it opens.
  }, []);
  if (isHarmless) return null;
  const { verb } = actionWords[action];
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={`${verb} ${runsWord(runs.length)}`}
      confirm={progress === undefined ? `${verb} ${runsWord(runs.length)}` : `${progress} of ${runs.length}`}
      danger={action === "delete" || action === "cancel"}
      busy={progress !== undefined}
      onConfirm={() => void run()}
    >
      <div className="flex flex-col gap-3">
        <p>{consequences[action]}</p>
        <Reason action={action} value={reason} onChange={setReason} />
      </div>
    </ConfirmDialog>
  );
}
