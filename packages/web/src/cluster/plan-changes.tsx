// The changes of a plan, riskiest first, each with its fields before and after.
import { ArrowLeftRight } from "lucide-react";
import { Badge } from "../ui/badge.tsx";
import { Card } from "../ui/card.tsx";
import { cx } from "../ui/cx.ts";
import { EmptyState } from "../ui/states.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { visibleText } from "../ui/visible-text.ts";
import { ActionBadge, RiskBadge } from "./looks.tsx";
import { valueText } from "./words.ts";
import type { Change, FieldChange, Plan } from "./words.ts";

export function PlanChanges({ plan }: { readonly plan: Plan }) {
  const moving = plan.changes.filter(({ action }) => action !== "unchanged");
  const still = plan.changes.filter(({ action }) => action === "unchanged");
  return (
    <>
      {moving.length + plan.prune.length === 0 && (
        <Card>
          <EmptyState icon={ArrowLeftRight} title="Nothing would change">
            The cluster is as it is declared.
          </EmptyState>
        </Card>
      )}
      {moving.map((change) => (
        <ChangeCard key={change.key} change={change} />
      ))}
      {still.length > 0 && (
        <Card title="Unchanged" detail={`${still.length} ${still.length === 1 ? "object" : "objects"}`}>
          <ul className="flex flex-col gap-1 text-sm text-ink-soft">
            {still.map(({ key }) => (
              <li key={key}>
                <Mono>{key}</Mono>
              </li>
            ))}
          </ul>
        </Card>
      )}
    </>
  );
}

function ChangeCard({ change }: { readonly change: Change }) {
  const { key, action, risk, irreversible, migrates, reason, fields, wave } = change;
  return (
    <section aria-label={visibleText(key)} className="min-w-0 rounded-lg border border-line bg-panel shadow-card">
      <header className="flex flex-wrap items-center gap-x-2 gap-y-1 border-b border-line px-4 py-2">
        <h2 className="min-w-0 text-sm font-semibold">
          <Mono>{key}</Mono>
        </h2>
        <ActionBadge action={action} />
        <RiskBadge risk={risk} />
        {irreversible && <Badge tone="bad">Cannot be taken back</Badge>}
        {migrates && <Badge tone="info">Takes over from client-side apply</Badge>}
        <span className="ml-auto text-xs text-ink-faint">Wave {wave}</span>
      </header>
      {reason !== null && (
        <p className="border-b border-line px-4 py-2 text-sm text-ink-soft">
          <Text>{reason}</Text>
        </p>
      )}
      <div className="flex flex-col divide-y divide-line">
        {fields.map((field) => (
          <FieldDiff key={field.path} field={field} />
        ))}
      </div>
    </section>
  );
}

function FieldDiff({ field: { path, before, after } }: { readonly field: FieldChange }) {
  return (
    <div className="grid gap-x-4 gap-y-1 px-4 py-2 lg:grid-cols-[minmax(10rem,1fr)_2fr]">
      <Mono className="text-xs text-ink-soft">{path === "" ? "the whole object" : path}</Mono>
      <div className="flex min-w-0 flex-col gap-1">
        {before !== undefined && <Value sign="−" word="before" value={before} className="bg-bad-soft" />}
        {after !== undefined && <Value sign="+" word="after" value={after} className="bg-good-soft" />}
      </div>
    </div>
  );
}

interface ValueProps {
  readonly sign: string;
  readonly word: string;
  readonly value: unknown;
  readonly className: string;
}

function Value({ sign, word, value, className }: ValueProps) {
  return (
    <div className={cx("flex min-w-0 gap-2 rounded-sm px-2 py-0.5 text-xs", className)}>
      <span aria-hidden className="font-mono text-ink-soft">
        {sign}
      </span>
      <span className="sr-only">{word}</span>
      <pre
        tabIndex={0}
        role="region"
        aria-label={word}
        className="max-h-60 min-w-0 grow overflow-auto font-mono whitespace-pre-wrap break-all text-ink"
      >
        <bdi dir="ltr">{visibleText(valueText(value))}</bdi>
      </pre>
    </div>
  );
}
