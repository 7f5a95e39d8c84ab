// One of a few: a list that opens below its button. For many, or for typing, there is Combobox.
import { Check, ChevronDown } from "lucide-react";
import { Select as Radix } from "radix-ui";
import { useStyleNonce } from "./style-nonce.ts";
import type { FieldTies } from "./field.tsx";
import { cx } from "./cx.ts";

export interface Option<Value extends string> {
  readonly value: Value;
  readonly label: string;
}

interface SelectProps<Value extends string> extends Partial<FieldTies> {
  readonly value: Value;
  readonly options: readonly Option<Value>[];
  readonly onChange: (value: Value) => void;
  /** Where no field gives it one. */
  readonly label?: string | undefined;
  readonly className?: string | undefined;
}

/** Values must not be empty. */
export function Select<Value extends string>({
  value,
  options,
  onChange,
  label,
  className,
  ...ties
}: SelectProps<Value>) {
  const nonce = useStyleNonce();
  return (
    <Radix.Root value={value} onValueChange={(next) => onChange(next as Value)}>
      <Radix.Trigger
        aria-label={label}
        className={cx(
          "inline-flex h-8 items-center justify-between gap-2 rounded-md border border-line-strong bg-panel px-2.5 text-sm text-ink hover:bg-hover",
          className,
        )}
        {...ties}
      >
        <span className="truncate">
          <Radix.Value />
        </span>
        <ChevronDown aria-hidden className="size-3.5 shrink-0 text-ink-faint" />
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          position="popper"
          sideOffset={4}
          collisionPadding={8}
          className="z-60 max-h-80 min-w-(--radix-select-trigger-width) overflow-hidden rounded-lg bg-raised p-1 shadow-pop animate-appear"
        >
          <Radix.Viewport nonce={nonce}>
            {options.map((option) => (
              <Radix.Item
                key={option.value}
                value={option.value}
                className="flex h-7 cursor-pointer select-none items-center gap-2 rounded-sm py-1 pr-7 pl-2 text-sm text-ink outline-none data-[highlighted]:bg-hover"
              >
                <Radix.ItemText>{option.label}</Radix.ItemText>
                <Radix.ItemIndicator className="absolute right-2">
                  <Check aria-hidden className="size-3.5 text-accent-ink" />
                </Radix.ItemIndicator>
              </Radix.Item>
            ))}
          </Radix.Viewport>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
