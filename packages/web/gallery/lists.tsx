// Gallery: tables, filters, tabs, lists of many rows.
import { useMemo, useState } from "react";
import { StatusBadge } from "../src/ui/badge.tsx";
import { Card } from "../src/ui/card.tsx";
import type { Column } from "../src/ui/columns.ts";
import { FilterChips } from "../src/ui/filter-chips.tsx";
import { useSelection } from "../src/ui/selection.ts";
import { Table } from "../src/ui/table.tsx";
import { Tabs } from "../src/ui/tabs.tsx";
import { Mono, Text } from "../src/ui/text.tsx";
import { Duration, Time } from "../src/ui/time.tsx";
import { VirtualList } from "../src/ui/virtual-list.tsx";
import { NewRowsButton, VirtualTable } from "../src/ui/virtual-table.tsx";
import { evil, samples } from "./samples.ts";
import type { Sample } from "./samples.ts";

const columns: readonly Column<Sample>[] = [
  { name: "workflow", label: "Workflow", cell: (row) => <Text truncate>{row.name}</Text>, width: "minmax(8rem, 1fr)" },
  { name: "status", label: "Status", cell: (row) => <StatusBadge status={row.status} />, width: "8rem" },
  { name: "id", label: "Run", cell: (row) => <Mono truncate>{row.id}</Mono>, width: "8rem", from: "md" },
  { name: "started", label: "Started", cell: (row) => <Time at={row.at} />, width: "6rem", from: "sm" },
  { name: "took", label: "Took", cell: (row) => <Duration ms={row.ms} />, width: "6rem", align: "end" },
];
const tabs = [
  { name: "many", label: "Many", count: 100_000 },
  { name: "few", label: "Few", count: 5 },
  { name: "logs", label: "Logs" },
] as const;
const statusOptions = ["completed", "failed", "running"].map((value) => ({ value, label: value }));

export function Lists() {
  const [tab, setTab] = useState<(typeof tabs)[number]["name"]>("many");
  const [status, setStatus] = useState<readonly string[]>(["failed"]);
  const [workflow, setWorkflow] = useState<readonly string[]>([]);
  const selection = useSelection();
  const rows = useMemo(() => samples(100_000), []);
  return (
    <Card title="Lists">
      <FilterChips
        filters={[
          { name: "status", label: "Status", values: status, options: statusOptions },
          { name: "workflow", label: "Workflow", values: workflow, placeholder: "billing/*" },
        ]}
        onChange={(name, values) => (name === "status" ? setStatus(values) : setWorkflow(values))}
      />
      <Tabs tabs={tabs} current={tab} onChange={setTab} label="Lists">
        <div className="relative h-80">
          {tab === "many" && (
            <>
              <NewRowsButton count={3} onShow={() => {}} />
              <VirtualTable
                label="Many runs"
                columns={columns}
                rows={rows}
                rowKey={(row) => row.id}
                selected={selection.keys}
                onSelect={(row) => selection.toggle(row.id)}
                onOpen={(row) => selection.set([row.id])}
              />
            </>
          )}
          {tab === "few" && (
            <Table label="Few runs" columns={columns} rows={rows.slice(0, 5)} rowKey={(row) => row.id} />
          )}
          {tab === "logs" && (
            <VirtualList label="Logs" entries={rows} entryKey={(row) => row.id} heightPx={24} follow>
              {(row) => (
                <div className="font-mono text-xs">
                  {row.id} <Text>{evil}</Text>
                </div>
              )}
            </VirtualList>
          )}
        </div>
      </Tabs>
    </Card>
  );
}
