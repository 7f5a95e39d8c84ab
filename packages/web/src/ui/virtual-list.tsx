// A list of any number of entries of any height: only those in sight are drawn. It scrolls by itself and fills its parent.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import type { ReactNode } from "react";

const overscanEntries = 10;
const aheadEntries = 40;

interface VirtualListProps<Entry> {
  readonly label: string;
  readonly entries: readonly Entry[];
  readonly entryKey: (entry: Entry) => string | number;
  readonly children: (entry: Entry, index: number) => ReactNode;
  /** Guess of an entry's height in pixels; what it really is gets measured. */
  readonly heightPx: number;
  readonly onNearEnd?: (() => void) | undefined;
  /** Stays at the end as entries come, until one scrolls up: logs. */
  readonly follow?: boolean | undefined;
}

export function VirtualList<Entry>(props: VirtualListProps<Entry>) {
  const { label, entries, entryKey, children, heightPx, onNearEnd, follow = false } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const virtual = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => heightPx,
    overscan: overscanEntries,
    getItemKey: (index) => entryKey(entries[index] as Entry),
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (last >= entries.length - aheadEntries && entries.length > 0) onNearEnd?.();
  }, [last, entries.length, onNearEnd]);
  useEffect(() => {
    if (follow && atEnd.current && entries.length > 0) virtual.scrollToIndex(entries.length - 1, { align: "end" });
  }, [follow, entries.length, virtual]);
  return (
    <div
      ref={scroller}
      tabIndex={0}
      role="region"
      aria-label={label}
      onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
        atEnd.current = scrollTop + clientHeight >= scrollHeight - heightPx;
      }}
      className="h-full overflow-auto -outline-offset-2"
    >
      <div role="list" style={{ height: virtual.getTotalSize() }} className="relative">
        {items.map((item) => {
          const entry = entries[item.index];
          return (
            entry !== undefined && (
              <div
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                role="listitem"
                style={{ transform: `translateY(${item.start}px)` }}
                className="absolute inset-x-0 top-0"
              >
                {children(entry, item.index)}
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}
