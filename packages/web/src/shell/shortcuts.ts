// Keys that run actions: `mod+k` together, `g r` one after the other. Keys typed into a field are left alone.
import type { Action } from "./actions.ts";

const sequenceMs = 1_200;

/** A key press, as far as shortcuts look at it. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** A press as it is written in shortcuts; undefined for modifiers alone. */
export function pressName(press: KeyPress): string | undefined {
  if (["Control", "Shift", "Alt", "Meta"].includes(press.key)) return undefined;
  const key = press.key === " " ? "space" : press.key.toLowerCase();
  // For signs such as `?` the shift is part of the sign.
  const letter = /^[a-z]$/.test(key) || key.length > 1;
  return [(press.ctrlKey || press.metaKey) && "mod", press.altKey && "alt", press.shiftKey && letter && "shift", key]
    .filter((part) => typeof part === "string")
    .join("+");
}

/** Remembers what was pressed just before, and finds the action that the keys so far belong to. */
export class ShortcutReader {
  #before: { readonly name: string; readonly at: number } | undefined;

  /** `at`: milliseconds of any clock that does not go back. `waiting`: the press may be the first of two. */
  read(press: KeyPress, at: number, actions: readonly Action[]): { action?: Action; waiting: boolean } {
    const name = pressName(press);
    if (name === undefined) return { waiting: this.#before !== undefined };
    const before = this.#before;
    this.#before = undefined;
    const find = (keys: string) => actions.findLast((action) => action.keys === keys);
    const action =
      (before !== undefined && at - before.at <= sequenceMs ? find(`${before.name} ${name}`) : undefined) ?? find(name);
    if (action !== undefined) return { action, waiting: false };
    const waiting = actions.some((each) => each.keys?.startsWith(`${name} `) ?? false);
    if (waiting) this.#before = { name, at };
    return { waiting };
  }
}

/** Whether keys belong to what has the focus: a field, a text that is edited. */
export function takesKeys(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}
