// The journal of a run: what settled in that order, then what is open; narrowed by state and by name.
import { getRouteApi } from "@tanstack/react-router";
import { NotebookText } from "lucide-react";
import { useMemo } from "react";
import { FilterChips } from "../ui/filter-chips.tsx";
import { EmptyState } from "../ui/states.tsx";
import { VirtualTable } from "../ui/virtual-table.tsx";
import type { Journal } from "./journal.ts";
import { stepColumns } from "./step-columns.tsx";
import { stateLooks, stateOf, undoneSteps } from "./step-state.ts";
import { entryStates } from "./words.ts";
import type { EntryState, Step } from "./words.ts";

const route = getRouteApi("/shell/runs/$run");
const keyOf = (step: Step) => String(step.seq);
const stateOptions = entryStates.map((value) => ({ value, label: stateLooks[value].label }));

interface JournalTabProps {
  readonly journal: Journal | undefined;
  readonly select: (step: number | undefined) => void;
}

export function JournalTab({ journal, select }: JournalTabProps) {
  const { state, find, step: selected } = route.useSearch();
  const navigate = route.useNavigate();
  const steps = useMemo(() => (journal === undefined ? [] : [...journal.settled, ...journal.open]), [journal]);
  const standing = useMemo(() => {
    const undone = undoneSteps(steps);
    return (step: Step): EntryState => stateOf(step, undone);
  }, [steps]);
  const columns = useMemo(() => stepColumns(standing), [standing]);
  const shown = useMemo(() => {
    const wanted = find?.toLowerCase();
    return steps.filter(
      (step) =>
        (state === undefined || state.includes(standing(step))) &&
        (wanted === undefined || step.name.toLowerCase().includes(wanted)),
    );
  }, [steps, standing, state, find]);
  const chosen = useMemo(() => new Set(selected === undefined ? [] : [String(selected)]), [selected]);
  return (
    <div className="-mx-4 flex h-full flex-col sm:-mx-6">
      <div className="px-4 pb-2 sm:px-6">
        <FilterChips
          filters={[
            { name: "state", label: "State", values: state ?? [], options: stateOptions },
            {
              name: "find",
              label: "Name",
              values: find === undefined ? [] : [find],
              placeholder: "Part of a step's name",
            },
          ]}
          onChange={(name, values) =>
            void navigate({
              search: (before) => ({
                ...before,
                ...(name === "state"
                  ? { state: values.length === 0 ? undefined : (values as readonly EntryState[]) }
                  : { find: values[0] }),
              }),
              replace: true,
            })
          }
        />
      </div>
      <div className="min-h-0 grow border-t border-line">
        <VirtualTable
          label="Journal"
          columns={columns}
          rows={shown}
          rowKey={keyOf}
          isPending={journal === undefined}
          onOpen={(step) => select(step.seq)}
          selected={chosen}
          empty={
            <EmptyState
              icon={NotebookText}
              title={steps.length === 0 ? "Nothing is journaled yet" : "No step fits these filters"}
            />
          }
        />
      </div>
    </div>
  );
}
