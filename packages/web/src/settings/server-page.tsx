// The server itself: every setting with where it comes from, what is kept how long, where the data is, and a backup of it.
import { getRouteApi } from "@tanstack/react-router";
import { SlidersHorizontal } from "lucide-react";
import type { Answer } from "../api.ts";
import { useApi } from "../query.ts";
import { useMay } from "../session/session.ts";
import { Badge } from "../ui/badge.tsx";
import type { Tone } from "../ui/badge.tsx";
import { Card, KeyValue } from "../ui/card.tsx";
import { CopyButton } from "../ui/code-block.tsx";
import type { Column } from "../ui/columns.ts";
import { Checkbox, Input } from "../ui/field.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { formatCount, formatDuration } from "../ui/time-format.ts";
import { BackupCard } from "./backup-card.tsx";
import { settingWords } from "./setting-words.ts";

const route = getRouteApi("/shell/settings/server");
type Settings = Answer<"getSettings">;
type SettingRow = Settings["settings"][number];
type RetentionRow = Settings["retention"][number];

const sources: Readonly<Record<SettingRow["source"], { readonly label: string; readonly tone: Tone }>> = {
  flag: { label: "Flag", tone: "accent" },
  environment: { label: "Environment", tone: "info" },
  file: { label: "sluice.config.ts", tone: "hold" },
  default: { label: "Default", tone: "neutral" },
};

const columns: readonly Column<SettingRow>[] = [
  {
    name: "name",
    label: "Setting",
    cell: ({ name, about }) => (
      <div className="min-w-0 py-1.5">
        <Mono className="font-medium">{name}</Mono>
        <Text className="block max-w-xl text-xs text-ink-faint">{about}</Text>
      </div>
    ),
  },
  {
    name: "value",
    label: "Value",
    align: "end",
    cell: ({ value, unit }) => <Mono>{settingWords(value, unit)}</Mono>,
  },
  {
    name: "source",
    label: "From",
    from: "sm",
    width: "9rem",
    cell: ({ source }) => <Badge tone={sources[source].tone}>{sources[source].label}</Badge>,
  },
];

const retentionColumns: readonly Column<RetentionRow>[] = [
  { name: "workflow", label: "Workflow", cell: ({ workflow }) => <Text>{workflow}</Text> },
  {
    name: "age",
    label: "Ended runs are kept for",
    align: "end",
    cell: ({ ageMs }) => (ageMs === null ? "Ever" : formatDuration(ageMs)),
  },
  {
    name: "count",
    label: "At most",
    align: "end",
    cell: ({ count }) => (count === null ? "Any number" : formatCount(count)),
  },
];

export function ServerPage() {
  const settings = useApi("getSettings", {});
  const mayBackup = useMay("backup:create");
  if (settings.error !== null && settings.data === undefined)
    return <ErrorState error={settings.error} onRetry={() => void settings.refetch()} />;
  if (settings.data === undefined) return <SkeletonRows rows={12} />;
  const { data } = settings;
  return (
    <div className="flex flex-col gap-4">
      <Card title="Server">
        <KeyValue
          pairs={[
            { name: "Version", value: <Mono>{data.version}</Mono> },
            {
              name: "Data folder",
              value: (
                <span className="flex items-center gap-1">
                  <Mono>{data.data}</Mono>
                  <CopyButton text={data.data} label="Copy the path of the data folder" />
                </span>
              ),
            },
            {
              name: "Authentication",
              value: data.authentication ? <Badge tone="good">On</Badge> : <Badge tone="warn">Off</Badge>,
            },
          ]}
        />
      </Card>
      {mayBackup && <BackupCard />}
      <SettingsCard settings={data.settings} />
      <Card title="Retention" detail="By workflow" flush>
        <Table
          label="Retention"
          columns={retentionColumns}
          rows={data.retention}
          rowKey={({ workflow }) => workflow}
          empty={
            <p className="px-4 py-3 text-sm text-ink-soft">
              There is no workflow yet. Without a rule of its own each keeps runs as <Mono>retention.runs</Mono> says.
            </p>
          }
        />
      </Card>
    </div>
  );
}

function SettingsCard({ settings }: { readonly settings: readonly SettingRow[] }) {
  const { text = "", set } = route.useSearch();
  const navigate = route.useNavigate();
  const wanted = text.toLowerCase();
  const rows = settings.filter(
    ({ name, about, source }) =>
      (set !== true || source !== "default") && `${name}\n${about}`.toLowerCase().includes(wanted),
  );
  return (
    <Card
      title="Settings"
      detail={`${rows.length} of ${settings.length}`}
      flush
      actions={
        <>
          <div className="shrink-0 whitespace-nowrap max-sm:hidden">
            <Checkbox
              label="Only what is set"
              checked={set === true}
              onChange={(on) =>
                void navigate({ search: (before) => ({ ...before, set: on ? true : undefined }), replace: true })
              }
            />
          </div>
          <div className="ml-2 w-48 max-sm:w-36">
            <Input
              type="search"
              aria-label="Find a setting"
              placeholder="Name or word"
              value={text}
              onChange={({ target }) =>
                void navigate({ search: (before) => ({ ...before, text: target.value || undefined }), replace: true })
              }
            />
          </div>
        </>
      }
    >
      <Table
        label="Settings"
        columns={columns}
        rows={rows}
        rowKey={({ name }) => name}
        empty={<EmptyState icon={SlidersHorizontal} title="No setting fits" command="sluice up --help" />}
      />
    </Card>
  );
}
