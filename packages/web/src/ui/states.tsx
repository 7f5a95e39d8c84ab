// What stands where content will be, is missing, or could not be read.
import { RotateCw, TriangleAlert } from "lucide-react";
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { asApiError } from "../api.ts";
import { Button } from "./button.tsx";
import { CodeBlock } from "./code-block.tsx";
import { cx } from "./cx.ts";
import { Text } from "./text.tsx";

/** The shape of text that is still to come. */
export function Skeleton({ className }: { readonly className?: string | undefined }) {
  return <div aria-hidden className={cx("skeleton h-4 animate-shimmer rounded-sm bg-active", className)} />;
}

/** Rows of a list that is still to come; says so to screen readers. */
export function SkeletonRows({ rows = 8 }: { readonly rows?: number | undefined }) {
  return (
    <div role="status" aria-label="Loading" className="flex flex-col">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="flex h-10 items-center gap-4 border-b border-line px-4">
          <Skeleton className="h-3 w-24" />
          <Skeleton className="h-3 max-w-72 grow" />
          <Skeleton className="ml-auto h-3 w-16" />
        </div>
      ))}
    </div>
  );
}

interface EmptyStateProps {
  readonly icon?: LucideIcon | undefined;
  readonly title: string;
  readonly children?: ReactNode;
  /** What to type next. */
  readonly command?: string | undefined;
  readonly actions?: ReactNode;
}

/** There is nothing, and here is what makes something. */
export function EmptyState({ icon: Icon, title, children, command, actions }: EmptyStateProps) {
  return (
    <div className="mx-auto flex max-w-xl flex-col items-center gap-3 px-4 py-12 text-center">
      {Icon !== undefined && (
        <div className="flex size-10 items-center justify-center rounded-lg border border-line bg-panel text-ink-faint shadow-card">
          <Icon aria-hidden className="size-5" />
        </div>
      )}
      <h2 className="text-base font-semibold">{title}</h2>
      {children !== undefined && <div className="text-sm text-balance text-ink-soft">{children}</div>}
      {command !== undefined && <CodeBlock text={command} className="w-full max-w-md text-left" />}
      {actions !== undefined && <div className="flex flex-wrap justify-center gap-2">{actions}</div>}
    </div>
  );
}

interface ErrorStateProps {
  readonly error: unknown;
  readonly onRetry?: (() => void) | undefined;
  /** What could not be done: "The runs could not be read". */
  readonly title?: string | undefined;
}

/** Something failed: what, why, and what to do about it. */
export function ErrorState({ error, onRetry, title }: ErrorStateProps) {
  const { message, hint, code } = asApiError(error);
  return (
    <div role="alert" className="mx-auto my-8 flex w-full max-w-xl gap-3 rounded-lg border border-line bg-panel p-4">
      <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
      <div className="flex min-w-0 grow flex-col gap-1.5">
        <h2 className="text-sm font-semibold">{title ?? <Text>{message}</Text>}</h2>
        {title !== undefined && (
          <p className="text-sm text-ink-soft">
            <Text>{message}</Text>
          </p>
        )}
        {hint !== undefined && (
          <p className="text-sm text-ink-soft">
            <Text>{hint}</Text>
          </p>
        )}
        <div className="mt-1 flex items-center gap-3">
          {onRetry !== undefined && (
            <Button size="sm" icon={RotateCw} onClick={onRetry}>
              Try again
            </Button>
          )}
          <code className="font-mono text-xs text-ink-faint">{code}</code>
        </div>
      </div>
    </div>
  );
}
