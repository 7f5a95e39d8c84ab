// Buttons. An icon alone always has a label, which is also its tooltip.
import type { LucideIcon } from "lucide-react";
import { LoaderCircle } from "lucide-react";
import { Slot } from "radix-ui";
import type { ComponentProps } from "react";
import { cx } from "./cx.ts";
import { Tooltip } from "./tooltip.tsx";

type ButtonTone = "primary" | "plain" | "quiet" | "danger";

interface ButtonLook {
  readonly tone?: ButtonTone | undefined;
  readonly size?: "sm" | "md" | undefined;
  readonly icon?: LucideIcon | undefined;
  /** Shows that it is at work and cannot be pressed again. */
  readonly busy?: boolean | undefined;
  /** The child is the element, as for links that look like buttons. */
  readonly asChild?: boolean | undefined;
}

const tones: Readonly<Record<ButtonTone, string>> = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong",
  plain: "border border-line-strong bg-panel text-ink hover:bg-hover",
  quiet: "text-ink-soft hover:bg-hover hover:text-ink",
  danger: "bg-bad-strong text-white hover:brightness-110",
};
const base =
  "inline-flex shrink-0 select-none items-center justify-center gap-1.5 whitespace-nowrap rounded-md font-medium " +
  "transition-colors duration-100 disabled:pointer-events-none disabled:opacity-50 aria-disabled:opacity-50";

export function Button({
  tone = "plain",
  size = "md",
  icon: Icon,
  busy = false,
  asChild = false,
  className,
  children,
  disabled,
  ...rest
}: ComponentProps<"button"> & ButtonLook) {
  const look = cx(base, size === "sm" ? "h-7 px-2 text-xs" : "h-8 px-3 text-sm", tones[tone], className);
  if (asChild) {
    return (
      <Slot.Root className={look} {...rest}>
        {children}
      </Slot.Root>
    );
  }
  return (
    <button type="button" className={look} disabled={disabled === true || busy} aria-busy={busy || undefined} {...rest}>
      {busy ? (
        <LoaderCircle aria-hidden className="size-3.5 animate-spin" />
      ) : (
        Icon !== undefined && <Icon aria-hidden className="size-3.5" />
      )}
      {children}
    </button>
  );
}

interface IconButtonProps extends Omit<ComponentProps<"button">, "children"> {
  readonly icon: LucideIcon;
  readonly label: string;
  readonly size?: "sm" | "md" | undefined;
  /** Keys shown in the tooltip, as `g r`. */
  readonly keys?: string | undefined;
}

export function IconButton({ icon: Icon, label, size = "md", keys, className, ...rest }: IconButtonProps) {
  return (
    <Tooltip text={label} keys={keys}>
      <button
        type="button"
        aria-label={label}
        className={cx(base, size === "sm" ? "size-6" : "size-8", tones.quiet, className)}
        {...rest}
      >
        <Icon aria-hidden className={size === "sm" ? "size-3.5" : "size-4"} />
      </button>
    </Tooltip>
  );
}
