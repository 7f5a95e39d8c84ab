// What the cards of secrets and of keys share: rows on their way, names whose key may be missing, the question before a new key.
import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Badge } from "../ui/badge.tsx";
import { ConfirmDialog } from "../ui/dialog.tsx";
import { ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Text } from "../ui/text.tsx";

interface Asked<T> {
  readonly data: T | undefined;
  readonly error: Error | null;
  readonly refetch: () => Promise<unknown>;
}

interface KeptRowsProps<T> {
  readonly asked: Asked<T>;
  readonly children: (data: T) => ReactNode;
}

/** What was asked for, what is wrong, or where it is going to be. */
export function KeptRows<T>({ asked, children }: KeptRowsProps<T>) {
  if (asked.data !== undefined) return children(asked.data);
  if (asked.error !== null) return <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />;
  return <SkeletonRows rows={2} />;
}

interface KeptNameProps {
  /** False: what it is sealed with is not here. */
  readonly readable: boolean;
  /** A word of ours, not a name that somebody gave. */
  readonly word?: boolean;
  readonly children: string;
}

export function KeptName({ readable, word = false, children }: KeptNameProps) {
  return (
    <span className="flex flex-wrap items-center gap-1.5 py-1.5">
      {word ? (
        <span className="text-ink-soft">{children}</span>
      ) : (
        <Text truncate className="max-w-80 font-medium max-sm:max-w-40">
          {children}
        </Text>
      )}
      {!readable && (
        <Badge tone="bad" icon={TriangleAlert}>
          Its key is not here
        </Badge>
      )}
    </span>
  );
}

interface NewKeyDialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly confirm: string;
  readonly rotate: {
    readonly isPending: boolean;
    readonly mutate: (call: { readonly body: Record<string, never> }) => void;
  };
  readonly children: ReactNode;
}

export function NewKeyDialog({ open, onClose, title, confirm, rotate, children }: NewKeyDialogProps) {
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title={title}
      confirm={confirm}
      busy={rotate.isPending}
      onConfirm={() => rotate.mutate({ body: {} })}
    >
      {children}
    </ConfirmDialog>
  );
}
