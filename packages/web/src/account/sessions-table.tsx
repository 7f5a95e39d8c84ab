// Where somebody is signed in: one's own sessions, or another user's for those who look after users.
import { Laptop, LogOut, TerminalSquare } from "lucide-react";
import type { Answer } from "../api.ts";
import { useCall } from "../query.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import type { Column } from "../ui/columns.ts";
import { Table } from "../ui/table.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { agentName } from "./agent-name.ts";

export type SessionRow = Answer<"listSessions">["sessions"][number];

const methodWords: Readonly<Record<SessionRow["method"], string>> = {
  password: "password",
  passkey: "passkey",
  openid: "identity provider",
  setup: "set-up link",
};

function Where({ row }: { readonly row: SessionRow }) {
  const Icon = row.kind === "console" ? Laptop : TerminalSquare;
  return (
    <div className="flex min-w-0 items-center gap-2 py-1.5">
      <Icon aria-hidden className="size-4 shrink-0 text-ink-faint" />
      <div className="min-w-0">
        <div className="flex items-center gap-2">
          <Text truncate className="max-w-64 font-medium">
            {agentName(row.agent)}
          </Text>
          {row.current && <Badge tone="accent">This one</Badge>}
        </div>
        <div className="text-xs text-ink-faint">
          {row.address === null ? "Address unknown" : <Mono>{row.address}</Mono>} · by {methodWords[row.method]}
        </div>
      </div>
    </div>
  );
}

interface SessionsTableProps {
  readonly sessions: readonly SessionRow[];
  /** Without it sessions can be looked at only. */
  readonly canEnd: boolean;
  /** In little room: when it began is left out. */
  readonly narrow?: boolean | undefined;
}

export function SessionsTable({ sessions, canEnd, narrow = false }: SessionsTableProps) {
  const end = useCall("endSession", { done: "Session ended", changes: ["listSessions"] });
  const columns: readonly Column<SessionRow>[] = [
    { name: "where", label: "Where", cell: (row) => <Where row={row} /> },
    { name: "seen", label: "Seen", cell: ({ seenAt }) => <Time at={seenAt} /> },
    ...(narrow
      ? []
      : [
          {
            name: "created",
            label: "Signed in",
            from: "md",
            cell: (row: SessionRow) => <Time at={row.createdAt} />,
          } as const,
          {
            name: "expires",
            label: "Until",
            from: "lg",
            cell: (row: SessionRow) => <Time at={row.expiresAt} />,
          } as const,
        ]),
    {
      name: "end",
      label: "",
      align: "end",
      cell: (row) =>
        canEnd &&
        !row.current && (
          <Button
            size="sm"
            tone="quiet"
            icon={LogOut}
            busy={end.isPending && end.variables.params.session === row.id}
            onClick={() => end.mutate({ params: { session: row.id } })}
            aria-label={`End the session of ${agentName(row.agent)}`}
          >
            End
          </Button>
        ),
    },
  ];
  return (
    <Table
      label="Sessions"
      columns={columns}
      rows={sessions}
      rowKey={({ id }) => id}
      empty={<p className="px-4 py-3 text-sm text-ink-soft">Signed in nowhere.</p>}
    />
  );
}
