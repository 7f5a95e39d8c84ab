// The rows of the timeline with their bars, and the scale above them. Keys: arrows or j and k move, left and right fold and
// unfold, Enter selects. Ctrl and the wheel zoom, dragging over the scale zooms to what was dragged over.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useEffectEvent, useId, useRef } from "react";
import type { RefObject } from "react";
import { useRowKeys } from "../ui/row-keys.ts";
import { TimelineRowView } from "./timeline-row.tsx";
import type { TimelineRow } from "./timeline-rows.ts";
import { TimelineScale } from "./timeline-scale-row.tsx";
import { moved, zoomed } from "./timeline-scale.ts";
import type { Window } from "./timeline-scale.ts";

const rowHeightPx = 30;
const overscanRows = 12;
const wheelFactor = 1.0025;

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
  const { active, setActive, onKeyDown, use } = useTimelineKeys(p, {
    scrollTo: (index) => virtual.scrollToIndex(index),
    pageRows: () => Math.floor((scroller.current?.clientHeight ?? 0) / rowHeightPx),
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
      <TimelineScale scale={scale} window={window} bounds={p.bounds} onWindow={p.onWindow} />
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

interface KeyParts {
  readonly scrollTo: (index: number) => void;
  readonly pageRows: () => number;
}

function useTimelineKeys({ rows, onSelect, onToggle }: TimelineGridProps, { scrollTo, pageRows }: KeyParts) {
  const use = (row: TimelineRow | undefined) => {
    if (row?.type === "step") onSelect(row.step.seq, row.run);
    else if (row?.type === "loop") onToggle(row.key);
  };
  const fold = (index: number, open: boolean) => {
    const row = rows[index];
    if (row?.open === !open) onToggle(row.key);
    else keys.move(index + (open ? 1 : -1));
  };
  const keys = useRowKeys({
    count: rows.length,
    scrollTo,
    pageRows,
    keys: {
      j: (index) => keys.move(index + 1),
      k: (index) => keys.move(index - 1),
      Enter: (index) => use(rows[index]),
      ArrowRight: (index) => fold(index, true),
      ArrowLeft: (index) => fold(index, false),
    },
  });
  return { ...keys, use };
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
