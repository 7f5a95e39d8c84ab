// The row of keys below a terminal where one types on glass. Touching it leaves the keyboard of the system where it is.
import { useRef, useState, useSyncExternalStore } from "react";
import type { RefObject } from "react";
import { cx } from "../ui/cx.ts";
import { nothingHeld, textOfTouchKey, touchKeys, withHeld } from "./touch-keys.ts";
import type { Held, TouchKey } from "./touch-keys.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export interface HeldKeys {
  readonly held: Held;
  /** Holds one for the next key, or no longer. */
  readonly toggle: (name: keyof Held) => void;
  /** What was typed, with what is held; then nothing is held any more. */
  readonly take: (bytes: Bytes) => Bytes;
  /** What is sent for a key, with what is held. */
  readonly press: (key: TouchKey, application: boolean) => Bytes;
}

export function useHeldKeys(): HeldKeys {
  const [held, setHeld] = useState(nothingHeld);
  // Keys may come faster than the page is drawn.
  const now: RefObject<Held> = useRef(nothingHeld);
  const set = (next: Held): void => {
    now.current = next;
    setHeld(next);
  };
  return {
    held,
    toggle: (name) => set({ ...now.current, [name]: !now.current[name] }),
    take: (bytes) => {
      const { ctrl, alt } = now.current;
      if (!ctrl && !alt) return bytes;
      const text = withHeld(new TextDecoder().decode(bytes), now.current);
      set(nothingHeld);
      return new TextEncoder().encode(text);
    },
    press: (key, application) => {
      const text = textOfTouchKey(key, now.current, application);
      set(nothingHeld);
      return new TextEncoder().encode(text);
    },
  };
}

const coarse = "(pointer: coarse)";

function subscribeCoarse(listener: () => void): () => void {
  const query = matchMedia(coarse);
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}

/** Whether one points with a finger here. */
export function useIsTouch(): boolean {
  return useSyncExternalStore(subscribeCoarse, () => matchMedia(coarse).matches);
}

const labels: Readonly<Partial<Record<TouchKey, string>>> = { Left: "←", Down: "↓", Up: "↑", Right: "→" };

export function TouchKeyRow({
  held,
  onKey,
  onHold,
}: {
  readonly held: Held;
  readonly onKey: (key: TouchKey) => void;
  readonly onHold: (name: keyof Held) => void;
}) {
  return (
    <div
      role="toolbar"
      aria-label="Keys"
      className="flex shrink-0 gap-1 overflow-x-auto border-t border-line bg-panel p-1"
      // The terminal keeps the focus, and with it the keyboard stays open.
      onPointerDown={(event) => event.preventDefault()}
    >
      {touchKeys.slice(0, 2).map((key) => (
        <Key key={key} label={key} onPress={() => onKey(key)} />
      ))}
      <Key label="Ctrl" pressed={held.ctrl} onPress={() => onHold("ctrl")} />
      <Key label="Alt" pressed={held.alt} onPress={() => onHold("alt")} />
      {touchKeys.slice(2).map((key) => (
        <Key key={key} label={key} onPress={() => onKey(key)} />
      ))}
    </div>
  );
}

function Key({
  label,
  pressed,
  onPress,
}: {
  readonly label: TouchKey | "Ctrl" | "Alt";
  readonly pressed?: boolean;
  readonly onPress: () => void;
}) {
  const shown = label in labels ? labels[label as TouchKey] : label;
  return (
    <button
      type="button"
      aria-label={label}
      aria-pressed={pressed}
      tabIndex={-1}
      className={cx(
        "h-9 min-w-10 shrink-0 rounded border px-2 font-mono text-sm",
        pressed === true ? "border-accent bg-accent-soft text-ink" : "border-line bg-raised text-ink",
      )}
      onClick={onPress}
    >
      {shown}
    </button>
  );
}
