// The terminals there are: begun, opened, renamed, ended.
import { Link, getRouteApi } from "@tanstack/react-router";
import { CircleCheck, CircleDashed, CircleStop, Plus, SquareTerminal } from "lucide-react";
import type { LucideIcon } from "lucide-react";
import { useMemo, useState } from "react";
import { useApi, useCall } from "../query.ts";
import { useMay } from "../session/session.ts";
import { Page } from "../shell/page.tsx";
import type { Action } from "../shell/actions.ts";
import { useActions } from "../shell/use-actions.ts";
import { Badge } from "../ui/badge.tsx";
import type { Tone } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import type { Column } from "../ui/columns.ts";
import { ConfirmDialog } from "../ui/dialog.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { LookButton } from "./look-menu.tsx";
import { NewTerminalDialog } from "./new-terminal.tsx";
import type { TerminalRow } from "./new-terminal.tsx";
import { RecordingsCard } from "./recordings-card.tsx";

const route = getRouteApi("/shell/terminals/");
const refreshMs = 2_000;

export function TerminalsPage() {
  const { create = false } = route.useSearch();
  const navigate = route.useNavigate();
  const terminals = useApi("listTerminals", {}, { refetchMs: refreshMs });
  const mayCreate = useMay("terminal:create");
  const [ending, setEnding] = useState<TerminalRow>();
  const ask = (open: boolean): void => void navigate({ search: { create: open ? true : undefined }, replace: true });
  const open = (id: string): void => void navigate({ to: "/terminals/$terminal", params: { terminal: id } });
  useNewAction();
  const { data, error } = terminals;
  return (
    <Page
      title="Terminals"
      actions={
        <>
          <LookButton />
          {mayCreate && (
            <Button tone="primary" icon={Plus} onClick={() => ask(true)}>
              New terminal
            </Button>
          )}
        </>
      }
    >
      {data !== undefined ? (
        <Card flush title="All terminals">
          <Table
            label="Terminals"
            columns={columnsOf(setEnding)}
            rows={data.terminals}
            rowKey={({ id }) => id}
            onOpen={({ id }) => open(id)}
            empty={<None />}
          />
        </Card>
      ) : error !== null ? (
        <ErrorState title="The terminals could not be read" error={error} onRetry={() => void terminals.refetch()} />
      ) : (
        <SkeletonRows rows={4} />
      )}
      <RecordingsCard />
      <NewTerminalDialog open={create && mayCreate} onClose={() => ask(false)} onMade={({ id }) => open(id)} />
      <EndDialog terminal={ending} onClose={() => setEnding(undefined)} />
    </Page>
  );
}

function useNewAction(): void {
  const navigate = route.useNavigate();
  useActions(
    useMemo((): readonly Action[] => {
      const run = (): void => void navigate({ search: { create: true } });
      return [
        {
          id: "terminal:new",
          group: "Terminals",
          label: "New terminal",
          icon: Plus,
          keys: "n",
          needs: "terminal:create",
          run,
        },
      ];
    }, [navigate]),
  );
}

function None() {
  return (
    <EmptyState icon={SquareTerminal} title="No terminals" command="sluice term">
      A terminal is a program on the server's machine. It goes on when you leave, and others can look on.
    </EmptyState>
  );
}

/** Asks before a terminal ends with everything that runs in it. */
export function EndDialog({
  terminal,
  onClose,
}: {
  readonly terminal: TerminalRow | undefined;
  readonly onClose: () => void;
}) {
  const end = useCall("endTerminal", { done: "The terminal is ended", changes: ["listTerminals"], onDone: onClose });
  return (
    <ConfirmDialog
      open={terminal !== undefined}
      onClose={onClose}
      title="End this terminal?"
      confirm="End it"
      danger
      busy={end.isPending}
      onConfirm={() => terminal !== undefined && end.mutate({ params: { id: terminal.id } })}
    >
      Everything that runs in <Text>{terminal?.name ?? ""}</Text> is told that its terminal is gone, and killed if it
      stays.
    </ConfirmDialog>
  );
}

const looks: Readonly<Record<TerminalRow["status"], { label: string; tone: Tone; icon: LucideIcon }>> = {
  created: { label: "Not begun", tone: "info", icon: CircleDashed },
  running: { label: "Running", tone: "good", icon: CircleCheck },
  exited: { label: "Ended", tone: "neutral", icon: CircleStop },
};

function Status({ row }: { readonly row: TerminalRow }) {
  const { label, tone, icon } = looks[row.status];
  const how = row.signal ?? (row.exitCode === null ? "" : String(row.exitCode));
  return (
    <Badge tone={row.exitCode !== null && row.exitCode !== 0 ? "bad" : tone} icon={icon}>
      {label} {how}
    </Badge>
  );
}

function columnsOf(onEnd: (row: TerminalRow) => void): readonly Column<TerminalRow>[] {
  return [
    {
      name: "name",
      label: "Terminal",
      cell: (row) => (
        <Link to="/terminals/$terminal" params={{ terminal: row.id }} className="font-medium hover:underline">
          <Text>{row.name}</Text>
        </Link>
      ),
    },
    { name: "status", label: "Status", cell: (row) => <Status row={row} /> },
    { name: "title", label: "Title", from: "lg", cell: (row) => <Text>{row.title}</Text> },
    { name: "command", label: "Command", from: "md", cell: (row) => <Command row={row} /> },
    { name: "viewers", label: "Viewers", align: "end", from: "sm", cell: (row) => row.viewers },
    { name: "by", label: "Begun by", from: "lg", cell: (row) => <Text>{row.createdBy}</Text> },
    { name: "active", label: "Active", align: "end", from: "sm", cell: (row) => <Time at={row.activeAt} /> },
    { name: "end", label: "", align: "end", width: "4rem", cell: (row) => <End row={row} onEnd={onEnd} /> },
  ];
}

function Command({ row }: { readonly row: TerminalRow }) {
  return (
    <span className="block max-w-80 truncate">
      <Mono>{row.command.join(" ")}</Mono>
    </span>
  );
}

function End({ row, onEnd }: { readonly row: TerminalRow; readonly onEnd: (row: TerminalRow) => void }) {
  const mayEnd = useMay("terminal:end", row.name);
  if (!mayEnd) return null;
  return (
    <Button size="sm" tone="quiet" aria-label={`End ${row.name}`} onClick={() => onEnd(row)}>
      End
    </Button>
  );
}
