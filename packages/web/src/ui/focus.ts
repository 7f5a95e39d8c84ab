// Where the focus goes when something opens above the page, and back to when it closes.
import { useRef } from "react";

export interface FocusKeeping {
  readonly onOpenAutoFocus: (event: Event) => void;
  readonly onCloseAutoFocus: (event: Event) => void;
}

/**
 * For the content of dialogs that open without a trigger of their own: the focus comes back to where it was. `first`: the
 * first field has it, else what was opened as a whole; without, what the dialog chooses by itself.
 */
export function useFocusKeeping(first: boolean): FocusKeeping {
  const before = useRef<Element>(null);
  return {
    onOpenAutoFocus: (event) => {
      before.current = document.activeElement;
      if (!first) return;
      event.preventDefault();
      const opened = event.currentTarget as HTMLElement;
      (opened.querySelector<HTMLElement>("input, textarea, [role=combobox]") ?? opened).focus();
    },
    onCloseAutoFocus: (event) => {
      event.preventDefault();
      if (before.current instanceof HTMLElement) before.current.focus();
    },
  };
}
