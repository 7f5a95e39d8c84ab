// What can be done with many runs: with those that are chosen, and with all that match the filters.
import { useNavigate } from "@tanstack/react-router";
import { Copy, Ellipsis, GitCompareArrows, GitFork, Pause, Play, RotateCcw, Square, Trash2, X } from "lucide-react";
import type { LucideIcon } from "lucide-react";
import type { Permission } from "@sluice/protocol";
import { useMayOf } from "../session/session.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { copyText } from "../ui/code-block.tsx";
import { Menu } from "../ui/menu.tsx";
import type { MenuItem } from "../ui/menu.tsx";
import type { Selection } from "../ui/selection.ts";
import { formatCount } from "../ui/time-format.ts";
import { actionWords, bulkActions, isPossible } from "./bulk.ts";
import type { BulkAction } from "./bulk.ts";
import type { ListedRun } from "./words.ts";

export const actionIcons: Readonly<Record<BulkAction, LucideIcon>> = {
  cancel: Square,
  retry: RotateCcw,
  pause: Pause,
  resume: Play,
  delete: Trash2,
  fork: GitFork,
};

export function permissionOf(action: BulkAction): Permission {
  return action === "resume" ? "run:pause" : `run:${action}`;
}

/** In the head of the list. */
export function AllMatching({ onChoose }: { readonly onChoose: (action: BulkAction) => void }) {
  const may = useMayOf();
  const allowed = bulkActions.filter((action) => may(permissionOf(action)));
  if (allowed.length === 0) return null;
  const item = (action: BulkAction): MenuItem => ({
    label: `${actionWords[action].verb}…`,
    icon: actionIcons[action],
    danger: action === "delete",
    run: () => onChoose(action),
  });
  return (
    <Menu
      heading="All runs that match the filters"
      groups={[
        allowed.filter((action) => action !== "delete").map(item),
        allowed.filter((action) => action === "delete").map(item),
      ]}
    >
      <Button size="sm" icon={Ellipsis}>
        All that match
      </Button>
    </Menu>
  );
}

interface BulkBarProps {
  /** The chosen ones, as they stand. */
  readonly runs: readonly ListedRun[];
  /** Everything that has been read of the list. */
  readonly loaded: readonly ListedRun[];
  readonly selection: Selection;
  readonly onChoose: (action: BulkAction, runs: readonly ListedRun[]) => void;
}

/** Over the end of the list while runs are chosen. */
export function BulkBar({ runs, loaded, selection, onChoose }: BulkBarProps) {
  const may = useMayOf();
  const navigate = useNavigate();
  const [first, second] = runs;
  const offered = bulkActions.flatMap((action) => {
    const fitting = runs.filter((run) => isPossible(action, run) && may(permissionOf(action), run.workflow));
    return fitting.length === 0 ? [] : [{ action, fitting }];
  });
  return (
    <div className="pointer-events-none absolute inset-x-0 bottom-4 z-20 flex justify-center px-3">
      <div
        role="toolbar"
        aria-label="Chosen runs"
        className="pointer-events-auto flex max-w-full items-center gap-1 overflow-x-auto rounded-xl bg-raised p-1.5 shadow-pop animate-slide-up"
      >
        <span className="tabular px-2 text-sm font-medium whitespace-nowrap" role="status">
          {formatCount(runs.length)} chosen
        </span>
        {runs.length < loaded.length && (
          <Button size="sm" tone="quiet" onClick={() => selection.set(loaded.map(({ id }) => id))}>
            Choose all {formatCount(loaded.length)} loaded
          </Button>
        )}
        <span aria-hidden className="mx-1 h-5 w-px shrink-0 bg-line" />
        {offered.map(({ action, fitting }) => (
          <Button
            key={action}
            size="sm"
            tone={action === "delete" ? "danger" : "quiet"}
            icon={actionIcons[action]}
            onClick={() => onChoose(action, fitting)}
          >
            {actionWords[action].verb}
            {fitting.length < runs.length && <span className="tabular opacity-70">{fitting.length}</span>}
          </Button>
        ))}
        {runs.length === 2 && first !== undefined && second !== undefined && (
          <Button
            size="sm"
            tone="quiet"
            icon={GitCompareArrows}
            onClick={() => void navigate({ to: "/runs/compare", search: { a: second.id, b: first.id } })}
          >
            Compare
          </Button>
        )}
        <IconButton
          icon={Copy}
          label="Copy their ids"
          size="sm"
          onClick={() => void copyText(runs.map(({ id }) => id).join("\n"))}
        />
        <IconButton icon={X} label="Choose none" size="sm" onClick={() => selection.set([])} />
      </div>
    </div>
  );
}
