// What was done with a component, newest first: each is a run, and the last one can be taken back.
import { Link } from "@tanstack/react-router";
import { Play, Undo2 } from "lucide-react";
import { useState } from "react";
import { useApi, useCall } from "../query.ts";
import { useMay } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import type { Column } from "../ui/columns.ts";
import { ConfirmDialog } from "../ui/dialog.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Elapsed, Time } from "../ui/time.tsx";
import { OperationBadge } from "./looks.tsx";
import type { Component, Operation } from "./words.ts";

const refreshMs = 2_000;

export function OperationsTab({ component }: { readonly component: Component }) {
  const { name, cluster, operation: last } = component;
  const operations = useApi("listOperations", { params: { name } }, { refetchMs: refreshMs });
  const mayApply = useMay("cluster:apply", cluster);
  const [undoing, setUndoing] = useState<Operation>();
  const canUndo = (row: Operation): boolean => mayApply && row.id === last && row.status === "completed";
  return (
    <Card flush>
      {operations.data !== undefined ? (
        <Table
          label="Operations"
          columns={columnsWith(canUndo, setUndoing)}
          rows={operations.data.operations}
          rowKey={({ id }) => id}
          empty={<EmptyState icon={Play} title="Nothing has been applied yet" />}
        />
      ) : operations.error === null ? (
        <SkeletonRows rows={3} />
      ) : (
        <ErrorState error={operations.error} onRetry={() => void operations.refetch()} />
      )}
      <UndoDialog operation={undoing} onClose={() => setUndoing(undefined)} />
    </Card>
  );
}

interface UndoDialogProps {
  readonly operation: Operation | undefined;
  readonly onClose: () => void;
}

function UndoDialog({ operation, onClose }: UndoDialogProps) {
  const undo = useCall("undoOperation", {
    changes: ["listOperations", "listPlans", "getComponent"],
    done: "Begun: what was declared before is being applied",
    onDone: onClose,
  });
  return (
    <ConfirmDialog
      open={operation !== undefined}
      onClose={onClose}
      title="Undo this operation?"
      confirm="Undo it"
      danger
      busy={undo.isPending}
      onConfirm={() => operation !== undefined && undo.mutate({ params: { id: operation.id }, body: {} })}
    >
      What was declared before it is applied again, as an operation of its own. Changes that cannot be taken back stay.
    </ConfirmDialog>
  );
}

function columnsWith(
  canUndo: (row: Operation) => boolean,
  undo: (row: Operation) => void,
): readonly Column<Operation>[] {
  return [
    {
      name: "status",
      label: "Status",
      cell: ({ status, reason }) => (
        <div className="flex min-w-0 flex-wrap items-center gap-1.5 py-1.5">
          <OperationBadge status={status} />
          {reason !== null && <Text className="text-xs text-ink-soft">{reason}</Text>}
        </div>
      ),
    },
    {
      name: "run",
      label: "Run",
      cell: ({ run }) => (
        <Link to="/runs/$run" params={{ run }} className="text-accent-ink hover:underline">
          <Mono>{run}</Mono>
        </Link>
      ),
    },
    {
      name: "plan",
      label: "Plan",
      from: "lg",
      cell: ({ plan, kind }) => (
        <span className="flex items-center gap-1.5">
          <Link to="/clusters/plans/$plan" params={{ plan }} className="text-accent-ink hover:underline">
            <Mono>{plan}</Mono>
          </Link>
          {kind === "undo" && <span className="text-xs text-ink-faint">undo</span>}
        </span>
      ),
    },
    {
      name: "took",
      label: "Took",
      align: "end",
      from: "md",
      cell: ({ startedAt, endedAt }) => <Elapsed from={startedAt} to={endedAt} />,
    },
    { name: "began", label: "Began", align: "end", from: "sm", cell: ({ startedAt }) => <Time at={startedAt} /> },
    {
      name: "actions",
      label: "",
      align: "end",
      cell: (row) =>
        canUndo(row) && (
          <Button size="sm" tone="quiet" icon={Undo2} onClick={() => undo(row)}>
            Undo
          </Button>
        ),
    },
  ];
}
