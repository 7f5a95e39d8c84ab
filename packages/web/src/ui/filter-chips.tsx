// What a list is narrowed to, as chips: each can be changed or taken away. The values belong in the URL.
import { ListFilter, X } from "lucide-react";
import { Popover } from "radix-ui";
import { useState } from "react";
import type { SubmitEvent } from "react";
import { Button } from "./button.tsx";
import { Checkbox, Input } from "./field.tsx";
import { formText } from "./form-text.ts";
import { Menu } from "./menu.tsx";
import type { Option } from "./select.tsx";
import { visibleText } from "./visible-text.ts";

interface Filter {
  readonly name: string;
  readonly label: string;
  /** What it is set to; none: the filter is not in use. */
  readonly values: readonly string[];
  /** A closed set to choose from; without, any text is taken. */
  readonly options?: readonly Option<string>[] | undefined;
  readonly placeholder?: string | undefined;
}

interface FilterChipsProps {
  readonly filters: readonly Filter[];
  readonly onChange: (name: string, values: readonly string[]) => void;
}

export function FilterChips({ filters, onChange }: FilterChipsProps) {
  const [opened, setOpened] = useState<string>();
  const used = filters.filter((filter) => filter.values.length > 0 || filter.name === opened);
  const unused = filters.filter((filter) => !used.includes(filter));
  return (
    <div role="group" aria-label="Filters" className="flex flex-wrap items-center gap-1.5">
      {used.map((filter) => (
        <Chip
          key={filter.name}
          filter={filter}
          open={filter.name === opened}
          onOpen={(open) => setOpened(open ? filter.name : undefined)}
          onChange={(values) => onChange(filter.name, values)}
        />
      ))}
      {unused.length > 0 && (
        <Menu
          align="start"
          groups={[
            unused.map((filter) => ({ label: filter.label, run: () => setTimeout(() => setOpened(filter.name)) })),
          ]}
        >
          <Button size="sm" tone="quiet" icon={ListFilter}>
            Filter
          </Button>
        </Menu>
      )}
      {used.some((filter) => filter.values.length > 0) && used.length > 1 && (
        <Button
          size="sm"
          tone="quiet"
          onClick={() => {
            for (const filter of used) onChange(filter.name, []);
          }}
        >
          Clear
        </Button>
      )}
    </div>
  );
}

interface ChipProps {
  readonly filter: Filter;
  readonly open: boolean;
  readonly onOpen: (open: boolean) => void;
  readonly onChange: (values: readonly string[]) => void;
}

function Chip({ filter, open, onOpen, onChange }: ChipProps) {
  const { label, values, options } = filter;
  const words = values.map((value) => options?.find((option) => option.value === value)?.label ?? value).join(", ");
  return (
    <Popover.Root open={open} onOpenChange={onOpen}>
      <div className="inline-flex h-7 max-w-full items-center rounded-md border border-line-strong bg-panel text-xs">
        <Popover.Trigger asChild>
          <button type="button" className="flex h-full min-w-0 items-center gap-1 rounded-l-md px-2 hover:bg-hover">
            <span className="text-ink-faint">{label}</span>
            <bdi className="truncate font-medium">{visibleText(words === "" ? "…" : words)}</bdi>
          </button>
        </Popover.Trigger>
        <button
          type="button"
          aria-label={`Take away the filter ${label}`}
          onClick={() => {
            onOpen(false);
            onChange([]);
          }}
          className="flex h-full items-center rounded-r-md border-l border-line px-1 text-ink-faint hover:bg-hover hover:text-ink"
        >
          <X aria-hidden className="size-3.5" />
        </button>
      </div>
      <Popover.Portal>
        <Popover.Content
          align="start"
          sideOffset={4}
          collisionPadding={8}
          aria-label={`Filter by ${label}`}
          className="z-60 min-w-48 rounded-lg bg-raised p-2 shadow-pop animate-appear"
        >
          {options === undefined ? (
            <TextFilter filter={filter} onChange={onChange} onDone={() => onOpen(false)} />
          ) : (
            <div className="flex max-h-72 flex-col gap-1.5 overflow-y-auto p-1">
              {options.map(({ value, label: name }) => (
                <Checkbox
                  key={value}
                  label={name}
                  checked={values.includes(value)}
                  onChange={(checked) =>
                    onChange(checked ? [...values, value] : values.filter((each) => each !== value))
                  }
                />
              ))}
            </div>
          )}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function TextFilter(p: { filter: Filter; onChange: (values: readonly string[]) => void; onDone: () => void }) {
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const text = formText(new FormData(event.currentTarget), "text").trim();
    p.onChange(text === "" ? [] : [text]);
    p.onDone();
  };
  return (
    <form onSubmit={submit} className="flex gap-1.5">
      <Input
        name="text"
        autoFocus
        aria-label={p.filter.label}
        defaultValue={p.filter.values[0] ?? ""}
        placeholder={p.filter.placeholder}
        className="h-7 w-52"
      />
      <Button size="sm" tone="primary" type="submit">
        Apply
      </Button>
    </form>
  );
}
