// Keys of encrypted payloads: which workflows have one, for how many runs, a new one, and erasing what is sealed with it.
import { Eraser, LockKeyhole, RotateCw } from "lucide-react";
import { useState } from "react";
import type { Answer } from "../api.ts";
import { useApi, useCall } from "../query.ts";
import { useMay } from "../session/session.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import type { Column } from "../ui/columns.ts";
import { ConfirmDialog } from "../ui/dialog.tsx";
import { EmptyState } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Text } from "../ui/text.tsx";
import { formatCount } from "../ui/time-format.ts";
import { visibleText } from "../ui/visible-text.ts";
import { KeptName, KeptRows, NewKeyDialog } from "./kept-parts.tsx";

type Keys = Answer<"listKeys">["workflows"][number];

/** Stands for events among the workflows. */
const events = ":events";

export function KeysCard() {
  const mayWrite = useMay("key:write");
  const keys = useApi("listKeys", {});
  const [erasing, setErasing] = useState<string>();
  const [rotating, setRotating] = useState(false);
  return (
    <Card
      title="Keys of payloads"
      detail="of workflows that keep what their runs hold encrypted"
      flush
      actions={
        mayWrite && (
          <Button size="sm" icon={RotateCw} onClick={() => setRotating(true)}>
            New keys
          </Button>
        )
      }
    >
      <KeptRows asked={keys}>
        {({ workflows }) => <KeysTable rows={workflows} mayWrite={mayWrite} onErase={setErasing} />}
      </KeptRows>
      <EraseDialog workflow={erasing} onClose={() => setErasing(undefined)} />
      <RotateDialog open={rotating} onClose={() => setRotating(false)} />
    </Card>
  );
}

interface KeysTableProps {
  readonly rows: readonly Keys[];
  readonly mayWrite: boolean;
  readonly onErase: (workflow: string) => void;
}

function KeysTable({ rows, mayWrite, onErase }: KeysTableProps) {
  const columns: readonly Column<Keys>[] = [
    {
      name: "workflow",
      label: "Workflow",
      cell: ({ workflow, readable }) => (
        <KeptName readable={readable} word={workflow === events}>
          {workflow === events ? "Events" : workflow}
        </KeptName>
      ),
    },
    { name: "keys", label: "Keys of runs", align: "end", cell: ({ keys }) => formatCount(keys) },
    { name: "erased", label: "Erased", align: "end", from: "sm", cell: ({ erased }) => formatCount(erased) },
    {
      name: "actions",
      label: "",
      align: "end",
      cell: ({ workflow }) =>
        mayWrite &&
        workflow !== events && (
          <IconButton
            icon={Eraser}
            size="sm"
            label={`Erase ${visibleText(workflow)}`}
            onClick={() => onErase(workflow)}
          />
        ),
    },
  ];
  return (
    <Table
      label="Keys of payloads"
      columns={columns}
      rows={rows}
      rowKey={({ workflow }) => workflow}
      empty={
        <EmptyState icon={LockKeyhole} title="No workflow is encrypted">
          One with encrypt: true keeps inputs, results and log lines of its runs encrypted at rest.
        </EmptyState>
      }
    />
  );
}

function EraseDialog({ workflow, onClose }: { readonly workflow: string | undefined; readonly onClose: () => void }) {
  const erase = useCall("eraseKeys", { done: "Erased", changes: ["listKeys", "listRuns"], onDone: onClose });
  return (
    <ConfirmDialog
      open={workflow !== undefined}
      onClose={onClose}
      title="Erase what these runs hold?"
      confirm="Erase for good"
      danger
      busy={erase.isPending}
      onConfirm={() => {
        if (workflow !== undefined) erase.mutate({ body: { workflow } });
      }}
    >
      Every input, result, error and log line of the ended runs of{" "}
      <Text className="font-medium text-ink">{workflow ?? ""}</Text> is gone then. Nothing brings it back.
    </ConfirmDialog>
  );
}

function RotateDialog({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  const rotate = useCall("rotateKeys", {
    done: "Every workflow has a new key",
    changes: ["listKeys"],
    onDone: onClose,
  });
  return (
    <NewKeyDialog
      open={open}
      onClose={onClose}
      title="Give every workflow a new key?"
      confirm="Make new keys"
      rotate={rotate}
    >
      What is encrypted stays readable; the keys before are forgotten.
    </NewKeyDialog>
  );
}
