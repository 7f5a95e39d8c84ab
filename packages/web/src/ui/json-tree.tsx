// A JSON value as a tree that opens where one looks: any size, with search, copy and download.
import { useVirtualizer } from "@tanstack/react-virtual";
import { ChevronDown, ChevronRight, ChevronUp, Copy, Download, Search } from "lucide-react";
import { useEffect, useEffectEvent, useId, useRef, useState, useSyncExternalStore } from "react";
import { IconButton } from "./button.tsx";
import { copyText } from "./code-block.tsx";
import { cx } from "./cx.ts";
import type { JsonKind, JsonRow } from "./json-model.ts";
import { matchesMax } from "./json-model.ts";
import { PageJsonView, WorkerJsonView } from "./json-view.ts";
import type { JsonView } from "./json-view.ts";
import { useRowKeys } from "./row-keys.ts";
import { ErrorState, Skeleton } from "./states.tsx";
import { visibleText } from "./visible-text.ts";

/** `value`: what is there already. `url`: answered with JSON; read and parsed away from the page's thread, for large values. */
type JsonTreeSource = { readonly value: unknown } | { readonly url: string };

interface JsonTreeProps {
  readonly source: JsonTreeSource;
  readonly label: string;
  /** Of the file, when it is downloaded; without the ending. */
  readonly fileName?: string | undefined;
  /** Of the whole, as a Tailwind class; it scrolls inside. */
  readonly className?: string | undefined;
}

const rowHeightPx = 22;
const indentPx = 16;
const overscanRows = 20;

function useJsonView(source: JsonTreeSource): JsonView | undefined {
  const [view, setView] = useState<JsonView>();
  const key = "url" in source ? source.url : source.value;
  const open = useEffectEvent(() =>
    "url" in source ? new WorkerJsonView(new Worker(JSON_WORKER_URL), source) : new PageJsonView(source.value),
  );
  useEffect(() => {
    const opened = open();
    setView(opened);
    return () => opened.close();
  }, [key]);
  useSyncExternalStore(
    (listener) => view?.subscribe(listener) ?? (() => {}),
    () => view?.version ?? -1,
  );
  return view;
}

export function JsonTree({ source, label, fileName = "value", className = "max-h-96" }: JsonTreeProps) {
  const view = useJsonView(source);
  if (view === undefined || view.state === "loading") {
    return (
      <div role="status" aria-label="Loading" className="flex flex-col gap-2 rounded-md border border-line p-3">
        <Skeleton className="w-1/3" />
        <Skeleton className="w-1/2" />
      </div>
    );
  }
  if (view.state === "failed") return <ErrorState title="The value could not be read" error={new Error(view.error)} />;
  return <Tree view={view} label={label} fileName={fileName} className={className} />;
}

interface TreeProps {
  readonly view: JsonView;
  readonly label: string;
  readonly fileName: string;
  readonly className: string;
}

function Tree({ view, label, fileName, className }: TreeProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const id = useId();
  const virtual = useVirtualizer({
    count: view.count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeightPx,
    overscan: overscanRows,
  });
  const toggle = (index: number) => view.toggle(Math.max(0, index));
  const { active, setActive, move, onKeyDown } = useRowKeys({
    count: view.count,
    scrollTo: (index) => virtual.scrollToIndex(index),
    pageRows: () => Math.floor((scroller.current?.clientHeight ?? 0) / rowHeightPx),
    keys: {
      ArrowRight: (index) => {
        const row = view.row(index);
        if (row?.open === false && row.size > 0) view.toggle(index);
        else move(index + 1);
      },
      ArrowLeft: (index) => {
        if (view.row(index)?.open === true) view.toggle(index);
        else move(parentOf(view, index));
      },
      Enter: toggle,
      " ": toggle,
    },
  });
  return (
    <div className={cx("flex min-h-0 min-w-0 flex-col rounded-md border border-line bg-inset", className)}>
      <ToolBar view={view} fileName={fileName} show={move} />
      <div
        ref={scroller}
        role="tree"
        aria-label={label}
        aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
        tabIndex={0}
        onKeyDown={onKeyDown}
        className="group min-h-0 grow overflow-auto py-1 font-mono text-xs -outline-offset-2"
      >
        <div style={{ height: virtual.getTotalSize() }} className="relative">
          {virtual.getVirtualItems().map(({ index, start }) => (
            <Row
              key={index}
              row={view.row(index)}
              id={`${id}-${index}`}
              start={start}
              active={index === active}
              onToggle={() => {
                setActive(index);
                view.toggle(index);
              }}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

function parentOf(view: JsonView, index: number): number {
  const depth = view.row(index)?.depth ?? 0;
  let at = index - 1;
  while (at > 0 && (view.row(at)?.depth ?? 0) >= depth) at--;
  return at;
}

const kindLooks: Readonly<Record<JsonKind, string>> = {
  object: "text-ink-faint",
  array: "text-ink-faint",
  string: "text-good",
  text: "text-good",
  number: "text-info",
  boolean: "text-hold",
  null: "text-ink-faint",
};

interface RowProps {
  readonly row: JsonRow | undefined;
  readonly id: string;
  readonly start: number;
  readonly active: boolean;
  readonly onToggle: () => void;
}

function Row({ row, id, start, active, onToggle }: RowProps) {
  const openable = row !== undefined && row.size > 0;
  const shown = row === undefined ? "" : visibleText(row.text).replaceAll("\n", "↵");
  return (
    <div
      id={id}
      role="treeitem"
      aria-level={(row?.depth ?? 0) + 1}
      aria-expanded={openable ? row.open : undefined}
      aria-selected={active}
      onClick={openable ? onToggle : undefined}
      style={{
        transform: `translateY(${start}px)`,
        paddingLeft: 8 + (row?.depth ?? 0) * indentPx,
        height: rowHeightPx,
      }}
      className={cx(
        "absolute inset-x-0 top-0 flex items-center gap-1.5 pr-3 whitespace-nowrap hover:bg-hover",
        openable && "cursor-pointer",
        active && "group-focus-visible:bg-active",
      )}
    >
      <span className="flex w-3.5 shrink-0 justify-center text-ink-faint">
        {openable &&
          (row.open ? (
            <ChevronDown aria-hidden className="size-3.5" />
          ) : (
            <ChevronRight aria-hidden className="size-3.5" />
          ))}
      </span>
      {row !== undefined && row.key !== null && (
        <bdi className={typeof row.key === "number" ? "text-ink-faint" : "text-ink"}>
          {visibleText(String(row.key))}:
        </bdi>
      )}
      {row !== undefined && <bdi className={kindLooks[row.kind]}>{row.kind === "string" ? `"${shown}"` : shown}</bdi>}
    </div>
  );
}

function ToolBar({ view, fileName, show }: { view: JsonView; fileName: string; show: (row: number) => void }) {
  const [text, setText] = useState("");
  const [matches, setMatches] = useState(0);
  const [at, setAt] = useState(-1);
  const go = async (n: number) => {
    const row = await view.reveal(n);
    if (row < 0) return;
    setAt(n);
    show(row);
  };
  const search = async (wanted: string) => {
    setText(wanted);
    const found = await view.search(wanted);
    setMatches(found);
    setAt(-1);
    if (found > 0) await go(0);
  };
  const step = (by: number) => void go((at + by + matches) % Math.max(1, matches));
  return (
    <div className="flex h-8 shrink-0 items-center gap-1 border-b border-line pr-1 pl-2.5">
      <Search aria-hidden className="size-3.5 shrink-0 text-ink-faint" />
      <input
        type="search"
        aria-label="Search in the value"
        placeholder="Search"
        value={text}
        onChange={({ target }) => void search(target.value)}
        onKeyDown={(event) => event.key === "Enter" && step(event.shiftKey ? -1 : 1)}
        className="h-6 min-w-0 grow bg-transparent rounded-sm px-1 text-base text-ink -outline-offset-2 placeholder:text-ink-faint sm:text-xs"
      />
      {text !== "" && (
        <>
          <span role="status" className="tabular text-xs whitespace-nowrap text-ink-faint">
            {matches === 0 ? "None" : `${at + 1} of ${matches}${matches === matchesMax ? "+" : ""}`}
          </span>
          <IconButton
            icon={ChevronUp}
            label="The one before"
            size="sm"
            disabled={matches === 0}
            onClick={() => step(-1)}
          />
          <IconButton
            icon={ChevronDown}
            label="The next one"
            size="sm"
            disabled={matches === 0}
            onClick={() => step(1)}
          />
        </>
      )}
      <IconButton icon={Copy} label="Copy the whole" size="sm" onClick={() => void view.textAt(-1).then(copyText)} />
      <IconButton
        icon={Download}
        label="Download"
        size="sm"
        onClick={() => void view.textAt(-1).then((whole) => download(whole, `${fileName}.json`))}
      />
    </div>
  );
}

/** Hands a text to the browser as a file. */
function download(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
