// Narrows schedules, and their calendar, to one workflow.
import { getRouteApi } from "@tanstack/react-router";
import { FilterChips } from "../ui/filter-chips.tsx";
import { visibleText } from "../ui/visible-text.ts";
import type { Schedule } from "./words.ts";

const route = getRouteApi("/shell/schedules");

export function WorkflowFilter({ schedules }: { readonly schedules: readonly Schedule[] }) {
  const { workflow } = route.useSearch();
  const navigate = route.useNavigate();
  const names = [...new Set([...schedules.map((each) => each.workflow), workflow ?? ""])].filter(Boolean).toSorted();
  return (
    <div className="shrink-0 border-b border-line px-4 pb-2.5 sm:px-6">
      <FilterChips
        filters={[
          {
            name: "workflow",
            label: "Workflow",
            values: workflow === undefined ? [] : [workflow],
            options: names.map((value) => ({ value, label: visibleText(value) })),
          },
        ]}
        onChange={(_, values) =>
          void navigate({ search: (before) => ({ ...before, workflow: values.at(-1) }), replace: true })
        }
      />
    </div>
  );
}
