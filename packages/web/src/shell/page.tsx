// The frame of a screen: its title, what can be done with the whole of it, its content.
import { Link, useRouter } from "@tanstack/react-router";
import type { ErrorComponentProps } from "@tanstack/react-router";
import { Compass, House } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "../ui/button.tsx";
import { cx } from "../ui/cx.ts";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";

interface PageProps {
  readonly title: ReactNode;
  /** Beside the title: a status, a count. */
  readonly detail?: ReactNode;
  /** Buttons at the right of the title. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  /** For lists and graphs that use the whole width and scroll by themselves. */
  readonly full?: boolean | undefined;
}

export function Page({ title, detail, actions, children, full = false }: PageProps) {
  return (
    <div className={cx("flex flex-col", full ? "h-full" : "mx-auto w-full max-w-400 pb-10")}>
      <div className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-2 px-4 pt-4 pb-3 sm:px-6">
        <h1 className="min-w-0 truncate text-lg font-semibold tracking-tight">{title}</h1>
        {detail}
        {actions !== undefined && <div className="ml-auto flex flex-wrap items-center gap-2">{actions}</div>}
      </div>
      <div className={cx("min-w-0", full ? "min-h-0 grow" : "px-4 sm:px-6")}>{children}</div>
    </div>
  );
}

export function NotFound() {
  return (
    <EmptyState
      icon={Compass}
      title="There is nothing here"
      actions={
        <Button asChild>
          <Link to="/">
            <House aria-hidden className="size-3.5" /> Home
          </Link>
        </Button>
      }
    >
      The address may be mistyped, or what it named may have been deleted.
    </EmptyState>
  );
}

/** What the console had to load for this screen, or what the screen drew, failed. */
export function ScreenError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const gone = /dynamically imported module|Importing a module script failed/.test(String(error));
  if (gone) {
    return (
      <ErrorState
        title="A newer console is there"
        error={new Error("This page was loaded before the server was updated, and its parts are gone.")}
        onRetry={() => location.reload()}
      />
    );
  }
  return (
    <ErrorState
      error={error}
      onRetry={() => {
        reset();
        void router.invalidate();
      }}
    />
  );
}

export function ScreenPending() {
  return (
    <div className="pt-14">
      <SkeletonRows />
    </div>
  );
}
