// What passed between a run and the outside: events it published and took, approvals and callbacks it asked for. Read from
// its journal; what is still open waits.
import { Link } from "@tanstack/react-router";
import { RadioTower } from "lucide-react";
import { useMemo } from "react";
import { useMay } from "../session/session.ts";
import type { Column } from "../ui/columns.ts";
import { EmptyState } from "../ui/states.tsx";
import { VirtualTable } from "../ui/virtual-table.tsx";
import { visibleText } from "../ui/visible-text.ts";
import { inCallOrder } from "./journal.ts";
import type { Journal } from "./journal.ts";
import { stepColumns } from "./step-columns.tsx";
import { isExchange, kindLook, stateOf, undoneSteps } from "./step-state.ts";
import type { Step } from "./words.ts";

const keyOf = (step: Step) => String(step.seq);

interface EventsTabProps {
  readonly journal: Journal | undefined;
  /** Number of the step that is open beside it. */
  readonly selected: number | undefined;
  readonly select: (step: number | undefined) => void;
}

export function EventsTab({ journal, selected, select }: EventsTabProps) {
  const mayRead = useMay("event:read");
  const steps = useMemo(() => (journal === undefined ? [] : inCallOrder(journal)), [journal]);
  const rows = useMemo(() => steps.filter(isExchange), [steps]);
  const columns = useMemo(() => columnsOf(steps, mayRead), [steps, mayRead]);
  const chosen = useMemo(() => new Set(selected === undefined ? [] : [String(selected)]), [selected]);
  return (
    <div className="-mx-4 h-full sm:-mx-6">
      <VirtualTable
        label="Events"
        columns={columns}
        rows={rows}
        rowKey={keyOf}
        isPending={journal === undefined}
        onOpen={(step) => select(step.seq)}
        selected={chosen}
        empty={
          <EmptyState
            icon={RadioTower}
            title="No events"
            command='const paid = await ctx.waitFor("payment.received", { key: order.id });'
          >
            Events that this run waits for or publishes, and what it asks people and other programs for, are listed
            here.
          </EmptyState>
        }
      />
    </div>
  );
}

function columnsOf(steps: readonly Step[], mayRead: boolean): readonly Column<Step>[] {
  const undone = undoneSteps(steps);
  const [order, name, ...rest] = stepColumns((step) => stateOf(step, undone));
  const kind: Column<Step> = {
    name: "kind",
    label: "What",
    width: "8rem",
    from: "sm",
    cell: (step) => <span className="text-ink-soft">{kindLook(step.kind).label}</span>,
  };
  const all: Column<Step> = {
    name: "all",
    label: "",
    width: "3rem",
    align: "end",
    from: "lg",
    cell: (step) =>
      (step.kind === "event" || step.kind === "emit") && (
        <Link
          to="/events"
          search={{ name: step.name }}
          aria-label={`All events named ${visibleText(step.name)}`}
          className="text-accent-ink hover:underline"
        >
          All
        </Link>
      ),
  };
  const [state, , ...others] = rest;
  return [order, kind, name, state, ...others, ...(mayRead ? [all] : [])].filter((column) => column !== undefined);
}
