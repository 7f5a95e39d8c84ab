// A table of any number of rows: only those in sight are drawn. It scrolls by itself and fills its parent. Keys: arrows
// or j and k move, Enter opens, x selects, Home and End jump.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useId, useRef } from "react";
import type { ReactNode } from "react";
import { isControl, useShownColumns } from "./columns.ts";
import type { Column } from "./columns.ts";
import { cx } from "./cx.ts";
import { useRowKeys } from "./row-keys.ts";
import { SkeletonRows } from "./states.tsx";
import { formatCount } from "./time-format.ts";

const rowHeightPx = 40;
const overscanRows = 12;
/** Rows before the end at which the next page is asked for. */
const aheadRows = 40;

interface VirtualTableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** Nothing is there yet. */
  readonly isPending?: boolean | undefined;
  /** The end is near: read the next page. */
  readonly onNearEnd?: (() => void) | undefined;
  readonly onOpen?: ((row: Row) => void) | undefined;
  readonly selected?: ReadonlySet<string> | undefined;
  readonly onSelect?: ((row: Row) => void) | undefined;
  /** Instead of rows where there are none. */
  readonly empty?: ReactNode;
  /** More rows than have been read are known to exist; -1 where nobody knows how many. */
  readonly rowCount?: number | undefined;
}

export function VirtualTable<Row>(props: VirtualTableProps<Row>) {
  const { rows, isPending = false, empty } = props;
  if (isPending) return <SkeletonRows rows={14} />;
  if (rows.length === 0 && empty !== undefined) return empty;
  return <Grid {...props} />;
}

function Grid<Row>(props: VirtualTableProps<Row>) {
  const { label, columns, rows, rowKey, onNearEnd, onOpen, selected, onSelect, rowCount } = props;
  const shown = useShownColumns(columns);
  const scroller = useRef<HTMLDivElement>(null);
  const id = useId();
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeightPx,
    overscan: overscanRows,
    getItemKey: (index) => rowKey(rows[index] as Row),
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (last >= rows.length - aheadRows && rows.length > 0) onNearEnd?.();
  }, [last, rows.length, onNearEnd]);
  const withRow = (todo: ((row: Row) => void) | undefined) => (index: number) => {
    const row = rows[index];
    if (row !== undefined) todo?.(row);
  };
  const { active, setActive, move, onKeyDown } = useRowKeys({
    count: rows.length,
    scrollTo: (index) => virtual.scrollToIndex(index),
    keys: {
      j: (index) => move(index + 1),
      k: (index) => move(index - 1),
      Enter: withRow(onOpen),
      x: withRow(onSelect),
    },
  });
  const tracks = shown.map((column) => column.width ?? "minmax(0, 1fr)").join(" ");
  return (
    <div
      ref={scroller}
      role="grid"
      aria-label={label}
      aria-rowcount={rowCount ?? rows.length + 1}
      aria-colcount={shown.length}
      aria-multiselectable={onSelect !== undefined}
      aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onFocus={(event) => event.target === event.currentTarget && active < 0 && rows.length > 0 && setActive(0)}
      className="group h-full overflow-auto text-sm -outline-offset-2"
    >
      <GridHeader columns={shown} tracks={tracks} />
      <div style={{ height: virtual.getTotalSize() }} className="relative" role="rowgroup">
        {items.map(({ index, start, key }) => {
          const row = rows[index];
          if (row === undefined) return null;
          const isSelected = onSelect === undefined ? undefined : (selected?.has(rowKey(row)) ?? false);
          const look = { start, tracks, active: index === active, selected: isSelected };
          return (
            <GridRow
              key={key}
              id={`${id}-${index}`}
              index={index}
              row={row}
              columns={shown}
              look={look}
              onPick={() => setActive(index)}
              onOpen={onOpen}
            />
          );
        })}
      </div>
    </div>
  );
}

function GridHeader<Row>({ columns, tracks }: { readonly columns: readonly Column<Row>[]; readonly tracks: string }) {
  return (
    <div
      role="row"
      aria-rowindex={1}
      style={{ gridTemplateColumns: tracks }}
      className="sticky top-0 z-10 grid h-8 items-center gap-x-4 border-b border-line bg-canvas px-4 text-xs font-medium text-ink-faint sm:px-6"
    >
      {columns.map((column) => (
        <div key={column.name} role="columnheader" className={cx("truncate", column.align === "end" && "text-right")}>
          {column.label}
        </div>
      ))}
    </div>
  );
}

interface GridRowProps<Row> {
  readonly id: string;
  readonly index: number;
  readonly row: Row;
  readonly columns: readonly Column<Row>[];
  readonly look: {
    readonly start: number;
    readonly tracks: string;
    readonly active: boolean;
    readonly selected: boolean | undefined;
  };
  readonly onPick: () => void;
  readonly onOpen: ((row: Row) => void) | undefined;
}

function GridRow<Row>({ id, index, row, columns, look, onPick, onOpen }: GridRowProps<Row>) {
  return (
    <div
      id={id}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={look.selected}
      data-active={look.active || undefined}
      onClick={(event) => {
        onPick();
        if (!isControl(event.target)) onOpen?.(row);
      }}
      style={{ transform: `translateY(${look.start}px)`, gridTemplateColumns: look.tracks, height: rowHeightPx }}
      className={cx(
        "absolute inset-x-0 top-0 grid items-center gap-x-4 border-b border-line px-4 hover:bg-hover sm:px-6",
        "aria-selected:bg-accent-soft group-focus-visible:data-active:bg-hover group-focus-visible:data-active:shadow-[inset_2px_0_var(--accent)]",
        onOpen !== undefined && "cursor-pointer",
      )}
    >
      {columns.map((column) => (
        <div
          key={column.name}
          role="gridcell"
          className={cx("min-w-0 truncate", column.align === "end" && "tabular text-right")}
        >
          {column.cell(row)}
        </div>
      ))}
    </div>
  );
}

interface NewRowsProps {
  readonly count: number;
  /** There are more than have been counted. */
  readonly more?: boolean | undefined;
  readonly onShow: () => void;
}

/** New rows wait behind this instead of pushing what one is reading out of sight. */
export function NewRowsButton({ count, more = false, onShow }: NewRowsProps) {
  if (count === 0) return null;
  return (
    <div className="pointer-events-none absolute inset-x-0 top-10 z-20 flex justify-center" role="status">
      <button
        type="button"
        onClick={onShow}
        className="pointer-events-auto rounded-full bg-accent px-3 py-1 text-xs font-medium text-on-accent shadow-pop animate-slide-up hover:bg-accent-strong"
      >
        Show {formatCount(count)}
        {more && "+"} new
      </button>
    </div>
  );
}
