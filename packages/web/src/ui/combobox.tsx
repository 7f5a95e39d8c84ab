// One of many: a list that is narrowed by typing.
import { Command } from "cmdk";
import { Check, ChevronsUpDown } from "lucide-react";
import { Popover } from "radix-ui";
import { useState } from "react";
import { cx } from "./cx.ts";
import { visibleText } from "./visible-text.ts";
import type { FieldTies } from "./field.tsx";
import type { Option } from "./select.tsx";

interface ComboboxProps extends Partial<FieldTies> {
  readonly value: string;
  readonly options: readonly Option<string>[];
  readonly onChange: (value: string) => void;
  /** In the field to type into. */
  readonly placeholder?: string | undefined;
  /** Where no field gives it one. */
  readonly label?: string | undefined;
  /** What is typed may be taken even when no option fits. */
  readonly free?: boolean | undefined;
  readonly className?: string | undefined;
}

export function Combobox(props: ComboboxProps) {
  const { value, options, onChange, placeholder = "Find", label, free = false, className, ...ties } = props;
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const choose = (next: string) => {
    onChange(next);
    setOpen(false);
    setText("");
  };
  const shown = options.find((option) => option.value === value)?.label ?? value;
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <button
          type="button"
          role="combobox"
          aria-expanded={open}
          aria-label={label}
          className={cx(
            "inline-flex h-8 items-center justify-between gap-2 rounded-md border border-line-strong bg-panel px-2.5 text-sm text-ink hover:bg-hover",
            className,
          )}
          {...ties}
        >
          <span className={cx("truncate", shown === "" && "text-ink-faint")}>
            {shown === "" ? placeholder : <bdi>{visibleText(shown)}</bdi>}
          </span>
          <ChevronsUpDown aria-hidden className="size-3.5 shrink-0 text-ink-faint" />
        </button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="start"
          sideOffset={4}
          collisionPadding={8}
          aria-label={label ?? placeholder}
          className="z-60 w-(--radix-popover-trigger-width) min-w-56 overflow-hidden rounded-lg bg-raised shadow-pop animate-appear"
        >
          <Command label={label ?? placeholder} className="flex max-h-72 flex-col">
            <Command.Input
              value={text}
              onValueChange={setText}
              placeholder={placeholder}
              className="h-9 shrink-0 border-b border-line bg-transparent px-3 text-base text-ink outline-none placeholder:text-ink-faint sm:text-sm"
            />
            <Command.List className="min-h-0 grow overflow-y-auto p-1">
              {!free && <Command.Empty className="px-2 py-3 text-sm text-ink-soft">Nothing fits.</Command.Empty>}
              {free && text !== "" && (
                <Item value={text} label={`Use “${text}”`} chosen={false} onChoose={() => choose(text)} />
              )}
              {options.map((option) => (
                <Item
                  key={option.value}
                  value={option.value}
                  label={option.label}
                  chosen={option.value === value}
                  onChoose={() => choose(option.value)}
                />
              ))}
            </Command.List>
          </Command>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Item(p: { value: string; label: string; chosen: boolean; onChoose: () => void }) {
  return (
    <Command.Item
      value={p.value}
      keywords={[p.label]}
      onSelect={p.onChoose}
      className="flex h-7 cursor-pointer items-center gap-2 rounded-sm px-2 text-sm data-[selected=true]:bg-hover"
    >
      <bdi className="grow truncate">{visibleText(p.label)}</bdi>
      {p.chosen && <Check aria-hidden className="size-3.5 text-accent-ink" />}
    </Command.Item>
  );
}
