// What stands above the page: a dialog, a question that has to be answered, a drawer at its side.
import { X } from "lucide-react";
import { AlertDialog, Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { Button, IconButton } from "./button.tsx";
import { cx } from "./cx.ts";
import { useFocusKeeping } from "./focus.ts";

const overlay = "fixed inset-0 z-50 bg-black/40 animate-appear dark:bg-black/60";
const middle =
  "fixed top-[12vh] left-1/2 z-50 flex max-h-[80dvh] w-[calc(100vw-2rem)] -translate-x-1/2 flex-col rounded-xl bg-raised shadow-pop outline-none";

interface DialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly detail?: ReactNode;
  readonly children: ReactNode;
  /** Buttons at its end. */
  readonly footer?: ReactNode;
  readonly wide?: boolean | undefined;
  /** What it shows is never shown again: only its own buttons close it. */
  readonly stays?: boolean | undefined;
}

export function Dialog({ open, onClose, title, detail, children, footer, wide = false, stays = false }: DialogProps) {
  const focus = useFocusKeeping(true);
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className={overlay} />
        <Radix.Content
          className={cx(middle, wide ? "max-w-3xl" : "max-w-lg")}
          {...focus}
          {...describedBy(detail)}
          {...(stays ? staying : {})}
        >
          <header className="flex items-start gap-2 border-b border-line px-4 py-3">
            <div className="min-w-0 grow">
              <Radix.Title className="text-base font-semibold">{title}</Radix.Title>
              {detail !== undefined && (
                <Radix.Description className="text-sm text-ink-soft">{detail}</Radix.Description>
              )}
            </div>
            {!stays && (
              <Radix.Close asChild>
                <IconButton icon={X} label="Close" size="sm" />
              </Radix.Close>
            )}
          </header>
          <div className="min-h-0 grow overflow-y-auto px-4 py-3">{children}</div>
          {footer !== undefined && (
            <footer className="flex justify-end gap-2 border-t border-line px-4 py-3">{footer}</footer>
          )}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

const stay = (event: { preventDefault(): void }) => event.preventDefault();
const staying = { onEscapeKeyDown: stay, onInteractOutside: stay };

/** Says that there is no description, where there is none. */
function describedBy(detail: ReactNode): { "aria-describedby"?: undefined } {
  return detail === undefined ? { "aria-describedby": undefined } : {};
}

interface ConfirmDialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  /** What will happen, in a sentence or two. */
  readonly children: ReactNode;
  /** The verb, as `Cancel 12 runs`. */
  readonly confirm: string;
  readonly danger?: boolean | undefined;
  readonly busy?: boolean | undefined;
  readonly onConfirm: () => void;
}

/** A question before something that cannot be taken back. It stays open while `busy`; the caller closes it. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { open, onClose, title, children, confirm, danger = false, busy = false, onConfirm } = props;
  const focus = useFocusKeeping(false);
  return (
    <AlertDialog.Root open={open} onOpenChange={(next) => !next && !busy && onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className={overlay} />
        <AlertDialog.Content className={cx(middle, "max-w-md")} {...focus}>
          <div className="flex flex-col gap-2 px-4 pt-4 pb-3">
            <AlertDialog.Title className="text-base font-semibold">{title}</AlertDialog.Title>
            <AlertDialog.Description asChild>
              <div className="text-sm text-ink-soft">{children}</div>
            </AlertDialog.Description>
          </div>
          <footer className="flex justify-end gap-2 px-4 pb-4">
            <AlertDialog.Cancel asChild>
              <Button disabled={busy}>Keep as it is</Button>
            </AlertDialog.Cancel>
            <Button tone={danger ? "danger" : "primary"} busy={busy} onClick={onConfirm}>
              {confirm}
            </Button>
          </footer>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

interface DrawerProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly children: ReactNode;
  /** Where it comes from: the right, or on phones the bottom. */
  readonly side?: "right" | "left" | undefined;
}

/** A panel over the side of the page. */
export function Drawer({ open, onClose, title, children, side = "right" }: DrawerProps) {
  const focus = useFocusKeeping(true);
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className={overlay} />
        <Radix.Content
          aria-describedby={undefined}
          {...focus}
          className={cx(
            "fixed inset-y-0 z-50 flex w-[min(36rem,calc(100vw-2.5rem))] flex-col bg-raised shadow-pop outline-none",
            side === "right" ? "right-0 animate-slide-left" : "left-0 max-w-72",
          )}
        >
          <header className="flex h-12 shrink-0 items-center gap-2 border-b border-line px-4">
            <Radix.Title className="grow truncate text-base font-semibold">{title}</Radix.Title>
            <Radix.Close asChild>
              <IconButton icon={X} label="Close" size="sm" />
            </Radix.Close>
          </header>
          <div className="min-h-0 grow overflow-y-auto">{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
