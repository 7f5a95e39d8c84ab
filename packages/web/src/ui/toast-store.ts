// The messages at the edge of the page: what has just happened, with a way to take it back.
import { asApiError } from "../api.ts";

export interface NewToast {
  readonly title: string;
  readonly detail?: string | undefined;
  readonly tone?: "neutral" | "good" | "bad" | undefined;
  /** Takes back what has happened; the message goes away when it is chosen. */
  readonly undo?: (() => void) | undefined;
  readonly action?: { readonly label: string; readonly run: () => void } | undefined;
  /** How long it stays; `Infinity` until it is closed. */
  readonly shownMs?: number | undefined;
}

export interface Toast extends NewToast {
  readonly id: number;
}

const toastsMax = 4;

/** The messages of one page, oldest first. */
export class ToastStore {
  #toasts: readonly Toast[] = [];
  #last = 0;
  readonly #listeners = new Set<() => void>();

  get current(): readonly Toast[] {
    return this.#toasts;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Shows a message; its number closes it. */
  show(toast: NewToast): number {
    const id = ++this.#last;
    this.#use([...this.#toasts, { ...toast, id }].slice(-toastsMax));
    return id;
  }

  /** Shows a failure with its hint. */
  fail(error: unknown): number {
    const { message, hint } = asApiError(error);
    return this.show({ tone: "bad", title: message, detail: hint });
  }

  close(id: number): void {
    this.#use(this.#toasts.filter((toast) => toast.id !== id));
  }

  #use(toasts: readonly Toast[]): void {
    this.#toasts = toasts;
    for (const listener of this.#listeners) listener();
  }
}
