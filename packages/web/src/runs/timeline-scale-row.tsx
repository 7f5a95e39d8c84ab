// The scale above the timeline: dragging over it zooms to what was dragged over.
import { useEffect, useState } from "react";
import type { PointerEvent as ReactPointerEvent, RefObject } from "react";
import { cx } from "../ui/cx.ts";
import { formatDuration } from "../ui/time-format.ts";
import { percentAt, ticksOf } from "./timeline-scale.ts";
import type { Window } from "./timeline-scale.ts";
import { timelineTracks } from "./timeline-tracks.ts";

/** Room for one tick's label. */
const tickPx = 96;
/** With less than this left to the edge a label would be cut off. */
const labelPx = 52;
const dragPxMin = 4;

interface TimelineScaleProps {
  readonly scale: RefObject<HTMLDivElement | null>;
  readonly window: Window;
  readonly bounds: Window;
  readonly onWindow: (window: Window) => void;
}

export function TimelineScale({ scale, window, bounds, onWindow }: TimelineScaleProps) {
  const widthPx = useWidthPx(scale);
  const [drag, setDrag] = useState<Window>();
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
      className={cx(timelineTracks, "sticky top-0 z-10 h-8 border-b border-line bg-canvas text-xs text-ink-faint")}
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
            {((100 - percentAt(at, window)) / 100) * widthPx < labelPx
              ? null
              : at === bounds.from
                ? "0"
                : formatDuration(at - bounds.from)}
          </span>
        ))}
        {drag !== undefined && <Dragged drag={drag} window={window} />}
      </div>
    </div>
  );
}

function Dragged({ drag, window }: { readonly drag: Window; readonly window: Window }) {
  const left = percentAt(Math.min(drag.from, drag.to), window);
  const width = (Math.abs(drag.to - drag.from) / (window.to - window.from)) * 100;
  return (
    <span
      aria-hidden
      style={{ left: `${left}%`, width: `${width}%` }}
      className="absolute inset-y-0 bg-accent-soft opacity-80"
    />
  );
}

function useWidthPx(element: RefObject<HTMLDivElement | null>): number {
  const [widthPx, setWidthPx] = useState(600);
  useEffect(() => {
    const { current } = element;
    if (current === null) return undefined;
    const observer = new ResizeObserver(() => setWidthPx(current.clientWidth));
    observer.observe(current);
    return () => observer.disconnect();
  }, [element]);
  return widthPx;
}
