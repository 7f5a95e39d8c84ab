// What was recorded of terminals, below the list of those there are.
import { Link } from "@tanstack/react-router";
import { useApi, useCall } from "../query.ts";
import { useMayOf } from "../session/session.ts";
import type { Answer } from "../api.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import type { Column } from "../ui/columns.ts";
import { Table } from "../ui/table.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { formatBytes } from "../ui/time-format.ts";
import { Time } from "../ui/time.tsx";

type Row = Answer<"listRecordings">["recordings"][number];

const refreshMs = 5_000;

export function RecordingsCard() {
  const { data } = useApi("listRecordings", {}, { refetchMs: refreshMs });
  const mayOf = useMayOf();
  const remove = useCall("removeRecording", { done: "The recording is removed", changes: ["listRecordings"] });
  if (data === undefined || data.recordings.length === 0) return null;
  const columns: readonly Column<Row>[] = [
    {
      name: "name",
      label: "Recording",
      cell: (row) => (
        <Link
          to="/terminals/recordings/$recording"
          params={{ recording: row.id }}
          className="font-medium hover:underline"
        >
          <Text>{row.name}</Text>
        </Link>
      ),
    },
    {
      name: "live",
      label: "State",
      cell: (row) => <Badge tone={row.live ? "info" : "neutral"}>{row.live ? "Recording" : "Whole"}</Badge>,
    },
    {
      name: "command",
      label: "Command",
      from: "md",
      cell: (row) => (
        <span className="block max-w-80 truncate">
          <Mono>{row.command}</Mono>
        </span>
      ),
    },
    { name: "bytes", label: "Size", align: "end", from: "sm", cell: (row) => formatBytes(row.bytes) },
    { name: "began", label: "Began", align: "end", from: "sm", cell: (row) => <Time at={row.startedAt} /> },
    {
      name: "remove",
      label: "",
      align: "end",
      width: "5rem",
      cell: (row) =>
        mayOf("terminal:end", row.name) &&
        !row.live && (
          <Button
            size="sm"
            tone="quiet"
            aria-label={`Remove the recording ${row.name}`}
            onClick={() => remove.mutate({ params: { id: row.id } })}
          >
            Remove
          </Button>
        ),
    },
  ];
  return (
    <Card flush title="Recordings" className="mt-4">
      <Table label="Recordings" columns={columns} rows={data.recordings} rowKey={({ id }) => id} />
    </Card>
  );
}
