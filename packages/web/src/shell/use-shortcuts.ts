// Listens to the keyboard for the whole page.
import { useEffect, useEffectEvent, useRef } from "react";
import { ShortcutReader, takesKeys } from "./shortcuts.ts";
import { useCurrentActions } from "./use-actions.ts";

export function useShortcuts(): void {
  const actions = useCurrentActions();
  const reader = useRef(new ShortcutReader());
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.repeat) return;
    const together = event.metaKey || event.ctrlKey;
    if (takesKeys(event.target) && !together) return;
    // What stands above the page has the keyboard to itself.
    if (document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"], [role="listbox"]') !== null)
      return;
    const { action } = reader.current.read(event, event.timeStamp, actions);
    if (action === undefined) return;
    event.preventDefault();
    action.run();
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => onKey(event);
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, []);
}
