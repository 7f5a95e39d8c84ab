// Keys that move through rows of which only some are drawn.
import { useState } from "react";
import type { KeyboardEvent } from "react";
import { isControl } from "./columns.ts";

interface RowKeysParts {
  readonly count: number;
  /** Brings a row into sight. */
  readonly scrollTo: (index: number) => void;
  /** Further keys, by `KeyboardEvent.key`, with the row they are for. */
  readonly keys: Readonly<Record<string, (index: number) => void>>;
  readonly pageRows?: (() => number) | undefined;
}

export interface RowKeys {
  /** The row the keyboard is at; -1 before it is used. */
  readonly active: number;
  readonly setActive: (index: number) => void;
  /** Makes a row the active one and brings it into sight. */
  readonly move: (to: number) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

/** Arrows, Home, End and the page keys move; `keys` stand in front of them. */
export function useRowKeys({ count, scrollTo, keys, pageRows }: RowKeysParts): RowKeys {
  const [active, setActive] = useState(-1);
  const move = (to: number) => {
    const next = Math.max(0, Math.min(count - 1, to));
    setActive(next);
    scrollTo(next);
  };
  const moves: Readonly<Record<string, (index: number) => void>> = {
    ArrowDown: (index) => move(index + 1),
    ArrowUp: (index) => move(index - 1),
    Home: () => move(0),
    End: () => move(count - 1),
    PageDown: (index) => move(index + (pageRows?.() ?? 1)),
    PageUp: (index) => move(index - (pageRows?.() ?? 1)),
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.metaKey || event.ctrlKey || event.altKey || count === 0) return;
    // A control in a row keeps its own keys.
    if (event.target !== event.currentTarget && isControl(event.target)) return;
    const todo = keys[event.key] ?? moves[event.key];
    if (todo === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    todo(active);
  };
  return { active: Math.min(active, count - 1), setActive, move, onKeyDown };
}
