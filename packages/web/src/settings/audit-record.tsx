// One row of the audit trail with what it changed.
import { ScrollText } from "lucide-react";
import { useApi } from "../query.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { KeyValue } from "../ui/card.tsx";
import { cx } from "../ui/cx.ts";
import { Drawer } from "../ui/dialog.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Heading, Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { visibleText } from "../ui/visible-text.ts";
import { outcomeTones } from "./audit-looks.ts";
import { changesBetween, parsed } from "./audit-diff.ts";
import type { FieldChange } from "./audit-diff.ts";
import type { AuditRow } from "./audit-page.tsx";

interface AuditRecordDrawerProps {
  readonly seq: number;
  readonly known: AuditRow | undefined;
  readonly onShow: (seq: number) => void;
  readonly onClose: () => void;
}

export function AuditRecordDrawer({ seq, known, onShow, onClose }: AuditRecordDrawerProps) {
  // A row that the list has not read (yet), or that its filters leave out.
  const read = useApi("getAuditRow", { params: { seq: String(seq) } }, { enabled: known === undefined });
  const record = known ?? read.data?.record;
  return (
    <Drawer open onClose={onClose} title={`Row ${seq}`}>
      {record !== undefined ? (
        <Body record={record} onShow={onShow} />
      ) : read.error !== null && read.error.status !== 404 ? (
        <ErrorState error={read.error} onRetry={() => void read.refetch()} />
      ) : read.error === null ? (
        <SkeletonRows />
      ) : (
        <EmptyState icon={ScrollText} title="There is no such row">
          It may be older than what is kept.
        </EmptyState>
      )}
    </Drawer>
  );
}

function Body({ record, onShow }: { readonly record: AuditRow; readonly onShow: (seq: number) => void }) {
  const changes = changesBetween(parsed(record.before), parsed(record.after));
  const { intent } = record;
  return (
    <div className="flex flex-col gap-4 py-4">
      <KeyValue
        className="px-4"
        pairs={[
          { name: "When", value: <Time at={record.at} form="moment" withMs /> },
          { name: "Who", value: <Who record={record} /> },
          { name: "Did", value: <Mono>{record.action}</Mono> },
          { name: "On", value: <Mono>{record.target}</Mono> },
          record.workflow === null ? null : { name: "Workflow", value: <Text>{record.workflow}</Text> },
          { name: "Outcome", value: <Badge tone={outcomeTones[record.outcome]}>{record.outcome}</Badge> },
          record.reason === null ? null : { name: "Reason", value: <Text>{record.reason}</Text> },
          { name: "From", value: record.address === null ? "–" : <Mono>{record.address}</Mono> },
          record.session === null ? null : { name: "Session", value: <Mono>{record.session}</Mono> },
          record.token === null ? null : { name: "Token", value: <Mono>{record.token}</Mono> },
          intent === null
            ? null
            : {
                name: "Intent",
                value: (
                  <Button size="sm" onClick={() => onShow(intent)}>
                    Row {intent}
                  </Button>
                ),
              },
        ]}
      />
      <section aria-label="What changed" className="border-t border-line px-4 pt-3">
        <Heading>What changed</Heading>
        {changes.length === 0 ? (
          <p className="mt-2 text-sm text-ink-soft">
            {record.outcome === "done" || record.outcome === "intended"
              ? "No fields were written down for this."
              : "Nothing: it was not done."}
          </p>
        ) : (
          <Changes changes={changes} />
        )}
      </section>
      <section aria-label="Proof" className="border-t border-line px-4 pt-3">
        <Heading detail="Each row holds the hash of the one before">Proof</Heading>
        <KeyValue
          className="mt-2"
          pairs={[
            { name: "Row before", value: <Mono>{record.previous}</Mono> },
            { name: "This row", value: <Mono>{record.hash}</Mono> },
          ]}
        />
      </section>
    </div>
  );
}

function Who({ record }: { readonly record: AuditRow }) {
  return (
    <span className="flex flex-wrap items-baseline gap-x-2">
      {record.actorName !== null && <Text className="font-medium">{record.actorName}</Text>}
      <Mono className="text-ink-soft">{record.actor}</Mono>
    </span>
  );
}

const signs: Readonly<Record<FieldChange["kind"], string>> = { added: "+", removed: "−", changed: "~", same: "" };

function Changes({ changes }: { readonly changes: readonly FieldChange[] }) {
  return (
    <div className="mt-2 overflow-x-auto">
      <table className="w-full border-collapse text-xs" aria-label="Fields before and after">
        <thead>
          <tr className="text-left text-ink-faint">
            <th scope="col" className="w-32 py-1 pr-3 font-medium">
              Field
            </th>
            <th scope="col" className="py-1 pr-3 font-medium">
              Before
            </th>
            <th scope="col" className="py-1 font-medium">
              After
            </th>
          </tr>
        </thead>
        <tbody>
          {changes.map(({ path, kind, before, after }) => (
            <tr
              key={JSON.stringify(path)}
              className={cx("border-t border-line align-top", kind === "same" && "text-ink-faint")}
            >
              <th scope="row" className="py-1 pr-3 text-left font-normal">
                <span className="sr-only">{kind}: </span>
                <span aria-hidden className="inline-block w-3 font-mono">
                  {signs[kind]}
                </span>
                <Mono>{path.length === 0 ? "value" : path.map(visibleText).join(".")}</Mono>
              </th>
              <td className="py-1 pr-3">
                <Value text={before} look={kind === "same" ? "" : "bg-bad-soft text-bad"} />
              </td>
              <td className="py-1">
                <Value text={after} look={kind === "same" ? "" : "bg-good-soft text-good"} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Value({ text, look }: { readonly text: string | undefined; readonly look: string }) {
  if (text === undefined) return <span className="text-ink-faint">–</span>;
  return <Mono className={cx("rounded-sm px-1", look)}>{text}</Mono>;
}
