// One terminal on the page: its screen, what is said about it below, and what stands above it while text is looked for or pasted.
import type { TerminalState } from "@sluice/protocol/terminal-frames";
import { Columns2, Rows2, Search, X } from "lucide-react";
import { useEffect, useEffectEvent, useState } from "react";
import type { ClipboardEvent } from "react";
import { usePreferences } from "../parts.ts";
import { IconButton } from "../ui/button.tsx";
import { copyText } from "../ui/code-block.tsx";
import { cx } from "../ui/cx.ts";
import { Text } from "../ui/text.tsx";
import { planPaste } from "./paste.ts";
import type { PastePlan } from "./paste.ts";
import { PasteDialog } from "./paste-dialog.tsx";
import { PaneSearch } from "./pane-search.tsx";
import { PaneStatus } from "./pane-status.tsx";
import { TouchKeyRow, useHeldKeys, useIsTouch } from "./touch-key-row.tsx";
import { useTerminal, useTerminalLook } from "./use-terminal.ts";
import type { ShownTerminal, TerminalView } from "./use-terminal.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export interface PaneProps {
  readonly id: string;
  readonly name: string;
  readonly mayType: boolean;
  readonly drive: boolean;
  readonly focused: boolean;
  readonly searching: boolean;
  readonly onFocus: () => void;
  readonly onTyped: (bytes: Bytes) => void;
  readonly onSearch: (open: boolean) => void;
  readonly onClose: () => void;
  /** Undefined where there is no room. */
  readonly onSplit: ((direction: "row" | "column") => void) | undefined;
  /** Hears what is there while it is there. */
  readonly onShown: (shown: ShownTerminal) => () => void;
}

export function TerminalPane(props: PaneProps) {
  const { id, name, mayType, focused, searching, onFocus } = props;
  const keys = useHeldKeys();
  const isTouch = useIsTouch();
  const onTyped = (bytes: Bytes): void => props.onTyped(keys.take(bytes));
  const view = useTerminal({ id, mayType, drive: props.drive, onTyped });
  const [pasted, setPasted] = useState<PastePlan>();
  const { colours } = useTerminalLook(mayType);
  useOffered(view, props);
  const paste = (event: ClipboardEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    const xterm = view.shown.current?.screen.xterm;
    if (xterm === undefined || !mayType) return;
    const plan = planPaste(event.clipboardData.getData("text/plain"), xterm.modes.bracketedPasteMode);
    if (plan.asks) setPasted(plan);
    else xterm.paste(plan.text);
  };
  const focus = (): void => view.shown.current?.screen.xterm.focus();
  return (
    <section
      aria-label={`Terminal ${name}`}
      className={cx("flex min-h-0 min-w-0 grow basis-0 flex-col border", focused ? "border-focus" : "border-line")}
      onFocus={onFocus}
      onPasteCapture={paste}
    >
      <PaneHead {...props} title={view.state?.title ?? ""} />
      {searching && (
        <PaneSearch
          found={view.found}
          onFind={(text, back) => view.shown.current?.screen.find(text, back)}
          onClose={() => {
            props.onSearch(false);
            focus();
          }}
        />
      )}
      <div className="relative min-h-0 grow overflow-auto p-1" style={{ background: colours.background }}>
        <div ref={view.host} className="h-full w-full" />
      </div>
      {isTouch && mayType && (
        <TouchKeyRow
          held={keys.held}
          onHold={keys.toggle}
          onKey={(key) => {
            const application = view.shown.current?.screen.xterm.modes.applicationCursorKeysMode === true;
            props.onTyped(keys.press(key, application));
          }}
        />
      )}
      <PaneStatus
        phase={view.phase}
        state={view.state}
        address={view.address}
        mayType={mayType}
        onDrive={(on) => view.shown.current?.link.drive(on)}
        onHurry={() => view.shown.current?.link.hurry()}
      />
      <PasteDialog
        plan={pasted}
        onPaste={(text) => {
          view.shown.current?.screen.xterm.paste(text);
          setPasted(undefined);
          focus();
        }}
        onClose={() => setPasted(undefined)}
      />
    </section>
  );
}

/** Says what is there, has the focus follow, and copies what is selected. */
function useOffered({ host, shown, state }: TerminalView, { id, mayType, focused, onShown }: PaneProps): void {
  const { terminal } = usePreferences();
  const offer = useEffectEvent(() => (shown.current === undefined ? undefined : onShown(shown.current)));
  useEffect(() => offer(), [id, mayType]);
  const isThere = state !== undefined;
  useEffect(() => {
    if (focused && isThere && document.querySelector('[role="dialog"]') === null) shown.current?.screen.xterm.focus();
  }, [focused, isThere, shown]);
  const { copyOnSelect } = terminal;
  useEffect(() => {
    const element = host.current;
    if (element === null || !copyOnSelect) return undefined;
    const copy = (): void => {
      const selected = shown.current?.screen.xterm.getSelection() ?? "";
      if (selected !== "") void copyText(selected);
    };
    element.addEventListener("mouseup", copy);
    return () => element.removeEventListener("mouseup", copy);
  }, [copyOnSelect, host, shown]);
}

interface HeadProps extends PaneProps {
  readonly title: TerminalState["title"];
}

function PaneHead({ name, title, onSearch, onSplit, onClose, searching }: HeadProps) {
  return (
    <header className="flex h-8 shrink-0 items-center gap-1 border-b border-line bg-panel pr-1 pl-2 text-xs">
      <h2 className="min-w-0 shrink-0 truncate font-medium">
        <Text>{name}</Text>
      </h2>
      {title !== "" && title !== name && (
        <span className="min-w-0 truncate text-ink-faint">
          <Text>{title}</Text>
        </span>
      )}
      <span className="ml-auto flex shrink-0">
        <IconButton size="sm" icon={Search} label="Find" keys="mod+shift+f" onClick={() => onSearch(!searching)} />
        {onSplit !== undefined && (
          <span className="hidden sm:flex">
            <IconButton size="sm" icon={Columns2} label="Split beside" onClick={() => onSplit("row")} />
            <IconButton size="sm" icon={Rows2} label="Split below" onClick={() => onSplit("column")} />
          </span>
        )}
        <IconButton size="sm" icon={X} label="Close; the program goes on" onClick={onClose} />
      </span>
    </header>
  );
}
