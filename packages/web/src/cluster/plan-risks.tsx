// What can go wrong with a plan, before everything else of it: broken rules, what cannot be taken back, what goes, what nobody knows.
import { CircleHelp, CircleX, Trash2, TriangleAlert, Users } from "lucide-react";
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { Card, Stat } from "../ui/card.tsx";
import { toneText } from "../ui/badge.tsx";
import type { Tone } from "../ui/badge.tsx";
import { cx } from "../ui/cx.ts";
import { Mono, Text } from "../ui/text.tsx";
import { RiskBadge } from "./looks.tsx";
import { weigh, worstRisk } from "./words.ts";
import type { Plan } from "./words.ts";

export function PlanRisks({ plan }: { readonly plan: Plan }) {
  const weight = weigh(plan.changes, plan.prune.length);
  const worst = worstRisk(weight);
  return (
    <Card title="Risk" actions={worst !== undefined && <RiskBadge risk={worst} />}>
      <div className="flex flex-col gap-4">
        <div className="grid grid-cols-3 gap-x-4 gap-y-3 sm:grid-cols-4 lg:grid-cols-7">
          <Stat label="High risk" value={weight.high} tone={weight.high > 0 ? "bad" : undefined} />
          <Stat label="Medium risk" value={weight.medium} tone={weight.medium > 0 ? "warn" : undefined} />
          <Stat label="Low risk" value={weight.low} />
          <Stat label="Created" value={weight.create} />
          <Stat label="Changed" value={weight.update} />
          <Stat label="Removed" value={weight.prune} tone={weight.prune > 0 ? "bad" : undefined} />
          <Stat label="Unchanged" value={weight.unchanged} />
        </div>
        <Notes plan={plan} irreversible={weight.irreversible} />
      </div>
    </Card>
  );
}

function Notes({ plan, irreversible }: { readonly plan: Plan; readonly irreversible: number }) {
  const { violations, prune, unknown, changes } = plan;
  const lasting = changes.filter((each) => each.irreversible && each.action !== "unchanged");
  const taken = changes.filter(({ conflicts }) => conflicts.length > 0);
  if (violations.length + irreversible + prune.length + unknown.length + taken.length === 0) return null;
  return (
    <ul className="flex flex-col gap-2 text-sm">
      {violations.map(({ rule, message }, index) => (
        <Note key={`${rule} ${index}`} icon={CircleX} tone="bad">
          Breaks the rule <Mono>{rule}</Mono>: <Text>{message}</Text>
        </Note>
      ))}
      {lasting.map(({ key }) => (
        <Note key={`irreversible ${key}`} icon={TriangleAlert} tone="bad">
          Cannot be taken back: <Mono>{key}</Mono>
        </Note>
      ))}
      {prune.map((key) => (
        <Note key={`prune ${key}`} icon={Trash2} tone="bad">
          Will be removed: <Mono>{key}</Mono>
        </Note>
      ))}
      {unknown.map((key) => (
        <Note key={`unknown ${key}`} icon={CircleHelp} tone="warn">
          Nobody can know beforehand: <Mono>{key}</Mono>
        </Note>
      ))}
      {taken.flatMap(({ key, conflicts }) =>
        conflicts.map(({ field, manager }) => (
          <Note key={`conflict ${key} ${field} ${manager}`} icon={Users} tone="warn">
            <Mono>{field}</Mono> of <Mono>{key}</Mono> belongs to <Text>{manager}</Text>
          </Note>
        )),
      )}
    </ul>
  );
}

interface NoteProps {
  readonly icon: LucideIcon;
  readonly tone: Tone;
  readonly children: ReactNode;
}

function Note({ icon: Icon, tone, children }: NoteProps) {
  return (
    <li className="flex items-start gap-2">
      <Icon aria-hidden className={cx("mt-0.5 size-4 shrink-0", toneText[tone])} />
      <span className="min-w-0">{children}</span>
    </li>
  );
}
