// The rows of the timeline with their bars, and the scale above them. Keys: arrows or j and k move, left and right fold and
// unfold, Enter selects. Ctrl and the wheel zoom, dragging over the scale zooms to what was dragged over.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useEffectEvent, useId, useRef, useState } from "react";
import type { PointerEvent as ReactPointerEvent, RefObject } from "react";
import { cx } from "../ui/cx.ts";
import { useRowKeys } from "../ui/row-keys.ts";
import { formatDuration } from "../ui/time-format.ts";
import { TimelineRowView } from "./timeline-row.tsx";
import type { TimelineRow } from "./timeline-rows.ts";
import { moved, percentAt, ticksOf, zoomed } from "./timeline-scale.ts";
import type { Window } from "./timeline-scale.ts";

const rowHeightPx = 30;
const overscanRows = 12;
/** Room for one tick's label. */
const tickPx = 96;
const wheelFactor = 1.0025;
const dragPxMin = 4;
/** Name at the left, bars at the right; on phones the names get less. */
export const gridTracks =
  "grid grid-cols-[minmax(8.5rem,34%)_minmax(0,1fr)] lg:grid-cols-[minmax(15rem,28%)_minmax(0,1fr)]";

interface TimelineGridProps {
  readonly rows: readonly TimelineRow[];
  readonly window: Window;
  readonly bounds: Window;
  readonly onWindow: (window: Window) => void;
  readonly onToggle: (key: string) => void;
  readonly onSelect: (step: number, owner: string) => void;
  /** Key of the row of the selected step. */
  readonly selected: string | undefined;
}

export function TimelineGrid(p: TimelineGridProps) {
  const { rows, window, selected } = p;
  const scroller = useRef<HTMLDivElement>(null);
  const scale = useRef<HTMLDivElement>(null);
  const id = useId();
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeightPx,
    overscan: overscanRows,
    getItemKey: (index) => rows[index]?.key ?? index,
  });
  const use = (row: TimelineRow | undefined) => {
    if (row?.type === "step") p.onSelect(row.step.seq, row.run);
    else if (row?.type === "loop") p.onToggle(row.key);
  };
  const fold = (index: number, open: boolean) => {
    const row = rows[index];
    if (row?.open === !open) p.onToggle(row.key);
    else move(index + (open ? 1 : -1));
  };
  const { active, setActive, move, onKeyDown } = useRowKeys({
    count: rows.length,
    scrollTo: (index) => virtual.scrollToIndex(index),
    pageRows: () => Math.floor((scroller.current?.clientHeight ?? 0) / rowHeightPx),
    keys: {
      j: (index) => move(index + 1),
      k: (index) => move(index - 1),
      Enter: (index) => use(rows[index]),
      ArrowRight: (index) => fold(index, true),
      ArrowLeft: (index) => fold(index, false),
    },
  });
  useScrollToSelected(rows, selected, (index) => virtual.scrollToIndex(index, { align: "auto" }));
  useWheelZoom(scroller, scale, p);
  return (
    <div
      ref={scroller}
      role="treegrid"
      aria-label="Timeline"
      aria-rowcount={rows.length + 1}
      aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onFocus={(event) => event.target === event.currentTarget && active < 0 && rows.length > 0 && setActive(0)}
      className="group h-full overflow-x-hidden overflow-y-auto text-sm -outline-offset-2"
    >
      <Scale scale={scale} {...p} />
      <div style={{ height: virtual.getTotalSize() }} className="relative" role="rowgroup">
        {virtual.getVirtualItems().map(({ index, start, key }) => {
          const row = rows[index];
          return (
            row !== undefined && (
              <TimelineRowView
                key={key}
                id={`${id}-${index}`}
                row={row}
                index={index}
                window={window}
                place={{ startPx: start, heightPx: rowHeightPx }}
                active={index === active}
                selected={row.key === selected}
                onPick={() => {
                  setActive(index);
                  use(row);
                }}
                onToggle={() => p.onToggle(row.key)}
              />
            )
          );
        })}
      </div>
    </div>
  );
}

/** A link to a step shows it. */
function useScrollToSelected(
  rows: readonly TimelineRow[],
  selected: string | undefined,
  show: (index: number) => void,
): void {
  const shown = useRef<string>(undefined);
  const bring = useEffectEvent((index: number) => show(index));
  const index = selected === undefined ? -1 : rows.findIndex(({ key }) => key === selected);
  useEffect(() => {
    if (selected === undefined || index < 0 || shown.current === selected) return;
    shown.current = selected;
    bring(index);
  }, [selected, index]);
}

function useWheelZoom(
  scroller: RefObject<HTMLDivElement | null>,
  scale: RefObject<HTMLDivElement | null>,
  p: TimelineGridProps,
): void {
  const turn = useEffectEvent((event: WheelEvent) => {
    const box = scale.current?.getBoundingClientRect();
    if (box === undefined || box.width === 0) return;
    const { window, bounds } = p;
    const sideways = event.shiftKey ? event.deltaY : event.deltaX;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      const at = window.from + ((event.clientX - box.left) / box.width) * (window.to - window.from);
      p.onWindow(zoomed(window, { factor: wheelFactor ** event.deltaY, at, bounds }));
    } else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
      event.preventDefault();
      p.onWindow(moved(window, (sideways / box.width) * (window.to - window.from), bounds));
    }
  });
  useEffect(() => {
    const element = scroller.current;
    const listener = (event: WheelEvent) => turn(event);
    // React listens passively, and the page must not zoom with it.
    element?.addEventListener("wheel", listener, { passive: false });
    return () => element?.removeEventListener("wheel", listener);
  }, [scroller]);
}

function Scale({
  scale,
  window,
  bounds,
  onWindow,
}: TimelineGridProps & { readonly scale: RefObject<HTMLDivElement | null> }) {
  const [widthPx, setWidthPx] = useState(600);
  const [drag, setDrag] = useState<{ readonly from: number; readonly to: number }>();
  useEffect(() => {
    const element = scale.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setWidthPx(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [scale]);
  const atOf = (event: ReactPointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return window.from + share * (window.to - window.from);
  };
  const end = () => {
    if (drag === undefined) return;
    const [from, to] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
    if (((to - from) / (window.to - window.from)) * widthPx >= dragPxMin) onWindow({ from, to });
    setDrag(undefined);
  };
  return (
    <div
      role="row"
      className={cx(gridTracks, "sticky top-0 z-10 h-8 border-b border-line bg-canvas text-xs text-ink-faint")}
    >
      <div role="columnheader" className="flex items-center truncate px-4 font-medium sm:px-6">
        Step
      </div>
      <div
        ref={scale}
        role="columnheader"
        aria-label="Time since the run was created"
        title="Drag to zoom in"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag({ from: atOf(event), to: atOf(event) });
        }}
        onPointerMove={(event) => drag !== undefined && setDrag({ ...drag, to: atOf(event) })}
        onPointerUp={end}
        onPointerCancel={() => setDrag(undefined)}
        className="relative mr-4 cursor-col-resize touch-none overflow-hidden select-none"
      >
        {ticksOf(window, bounds.from, widthPx / tickPx).map((at) => (
          <span
            key={at}
            style={{ left: `${percentAt(at, window)}%` }}
            className="tabular absolute inset-y-0 flex items-center border-l border-line pl-1.5 whitespace-nowrap"
          >
            {at === bounds.from ? "0" : formatDuration(at - bounds.from)}
          </span>
        ))}
        {drag !== undefined && (
          <span
            aria-hidden
            style={{
              left: `${percentAt(Math.min(drag.from, drag.to), window)}%`,
              width: `${(Math.abs(drag.to - drag.from) / (window.to - window.from)) * 100}%`,
            }}
            className="absolute inset-y-0 bg-accent-soft opacity-80"
          />
        )}
      </div>
    </div>
  );
}
