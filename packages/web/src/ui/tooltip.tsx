// A few words about what is under the pointer or has the focus. Never the only place where something is said.
import { Tooltip as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { Keys } from "./keys.tsx";

interface TooltipProps {
  readonly text: ReactNode;
  readonly keys?: string | undefined;
  readonly side?: "top" | "right" | "bottom" | "left" | undefined;
  /** One element that takes a ref. */
  readonly children: ReactNode;
}

export function Tooltip({ text, keys, side = "bottom", children }: TooltipProps) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          side={side}
          sideOffset={5}
          collisionPadding={8}
          className="z-60 flex max-w-80 items-center gap-2 rounded-md bg-ink px-2 py-1 text-xs text-canvas shadow-pop animate-appear"
        >
          {text}
          {keys !== undefined && <Keys keys={keys} inverse />}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
