// Text that came from outside: names, messages, ids. Nothing in it is hidden, and its writing direction stays its own.
import type { ReactNode } from "react";
import { cx } from "./cx.ts";
import { visibleText } from "./visible-text.ts";

interface TextProps {
  readonly children: string;
  readonly className?: string | undefined;
  /** Cut at the end of the line; the whole is in the tooltip of the browser. */
  readonly truncate?: boolean | undefined;
}

/** A name or a message that somebody else wrote. */
export function Text({ children, className, truncate = false }: TextProps) {
  const shown = visibleText(children);
  return (
    <bdi
      dir="auto"
      className={cx(truncate ? "block truncate" : "break-words", className)}
      title={truncate ? shown : undefined}
    >
      {shown}
    </bdi>
  );
}

/** An id, a path, a hash. */
export function Mono({ children, className, truncate = false }: TextProps) {
  const shown = visibleText(children);
  return (
    <bdi
      dir="ltr"
      className={cx("font-mono text-[0.93em]", truncate ? "block truncate" : "break-all", className)}
      title={truncate ? shown : undefined}
    >
      {shown}
    </bdi>
  );
}

export function Heading({ children, detail }: { readonly children: ReactNode; readonly detail?: ReactNode }) {
  return (
    <div className="flex items-baseline gap-2">
      <h2 className="text-base font-semibold text-ink">{children}</h2>
      {detail !== undefined && <span className="text-xs text-ink-faint">{detail}</span>}
    </div>
  );
}
