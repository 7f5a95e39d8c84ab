// Narrows events, and who waits for them, to one name.
import { getRouteApi } from "@tanstack/react-router";
import { FilterChips } from "../ui/filter-chips.tsx";

const route = getRouteApi("/shell/events");

export function NameFilter() {
  const { name } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <div className="shrink-0 border-b border-line px-4 pb-2.5 sm:px-6">
      <FilterChips
        filters={[
          { name: "name", label: "Name", values: name === undefined ? [] : [name], placeholder: "payment.received" },
        ]}
        onChange={(_, values) =>
          void navigate({ search: (before) => ({ ...before, name: values.at(-1), event: undefined }), replace: true })
        }
      />
    </div>
  );
}
