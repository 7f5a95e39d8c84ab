// One value of the state: seen, changed from the version one has seen, deleted.
import { useState } from "react";
import { apiUrl } from "../api.ts";
import { useApi } from "../query.ts";
import { useMay } from "../session/session.ts";
import { Drawer } from "../ui/dialog.tsx";
import { JsonTree } from "../ui/json-tree.tsx";
import { writeJson } from "../ui/json-text.ts";
import { EmptyState, ErrorState, Skeleton } from "../ui/states.tsx";
import { visibleText } from "../ui/visible-text.ts";
import { EntryForm } from "./entry-form.tsx";
import type { Entry } from "./use-entry.ts";

/** From here on a value is looked at as a tree, and not edited in a field. */
const editableChars = 200_000;

interface StateDrawerProps {
  readonly scope: string;
  /** undefined: closed; "": a new one. */
  readonly entryKey: string | undefined;
  readonly onClose: () => void;
  readonly onAdded: (key: string) => void;
}

export function StateDrawer({ scope, entryKey, onClose, onAdded }: StateDrawerProps) {
  const isNew = entryKey === "";
  return (
    <Drawer open={entryKey !== undefined} onClose={onClose} title={isNew ? "Add a value" : visibleText(entryKey ?? "")}>
      {isNew ? (
        <div className="p-4">
          <EntryForm scope={scope} entry={undefined} onSaved={onAdded} onDeleted={onClose} />
        </div>
      ) : (
        entryKey !== undefined && <Existing scope={scope} entryKey={entryKey} onClose={onClose} />
      )}
    </Drawer>
  );
}

function Existing({ scope, entryKey, onClose }: { scope: string; entryKey: string; onClose: () => void }) {
  const asked = useApi("getState", { params: { scope, key: entryKey } });
  if (asked.data !== undefined) return <Value scope={scope} entry={asked.data} onClose={onClose} />;
  if (asked.error?.status === 404) {
    return <EmptyState title="There is no such key">It was deleted, or it has expired.</EmptyState>;
  }
  if (asked.error !== null) return <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />;
  return (
    <div role="status" aria-label="Loading" className="flex flex-col gap-3 p-4">
      <Skeleton className="w-1/2" />
      <Skeleton className="h-40" />
    </div>
  );
}

function Value({ scope, entry, onClose }: { scope: string; entry: Entry; onClose: () => void }) {
  const may = useMay("state:write", entry.key);
  // What is edited stays what one began with: a change by somebody else is told by the form.
  const [begun, setBegun] = useState(entry);
  const large = writeJson(begun.value).length > editableChars;
  return (
    <div className="flex flex-col gap-4 p-4">
      {(large || !may) && (
        <JsonTree
          source={large ? { url: apiUrl("getState", { params: { scope, key: entry.key } }) } : { value: entry.value }}
          label="Value"
          fileName={entry.key}
          className="max-h-[60dvh]"
        />
      )}
      {may ? (
        <EntryForm
          key={begun.version}
          scope={scope}
          entry={begun}
          current={entry}
          readOnly={large}
          onSaved={onClose}
          onDeleted={onClose}
          onTake={setBegun}
        />
      ) : (
        <p className="text-sm text-ink-soft">
          Changing it needs the permission <code className="font-mono">state:write</code>.
        </p>
      )}
    </div>
  );
}
