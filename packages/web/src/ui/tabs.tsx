// Several views of one thing. Which one is open belongs in the URL: the caller keeps it there.
import { Tabs as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { formatCount } from "./time-format.ts";

interface Tab<Name extends string> {
  readonly name: Name;
  readonly label: string;
  /** Beside the label: how many there are. */
  readonly count?: number | undefined;
}

interface TabsProps<Name extends string> {
  readonly tabs: readonly Tab<Name>[];
  readonly current: Name;
  readonly onChange: (name: Name) => void;
  readonly label: string;
  /** What the open tab shows. */
  readonly children: ReactNode;
}

export function Tabs<Name extends string>({ tabs, current, onChange, label, children }: TabsProps<Name>) {
  return (
    <Radix.Root value={current} onValueChange={(name) => onChange(name as Name)} className="flex min-h-0 flex-col">
      <Radix.List
        aria-label={label}
        className="flex shrink-0 gap-4 overflow-x-auto border-b border-line [scrollbar-width:none]"
      >
        {tabs.map((tab) => (
          <Radix.Trigger
            key={tab.name}
            value={tab.name}
            className="flex h-9 items-center gap-1.5 border-b-2 border-transparent text-sm text-ink-soft -outline-offset-2 hover:text-ink data-[state=active]:border-accent data-[state=active]:font-medium data-[state=active]:text-ink"
          >
            {tab.label}
            {tab.count !== undefined && (
              <span className="tabular rounded-full bg-inset px-1.5 text-2xs text-ink-soft">
                {formatCount(tab.count)}
              </span>
            )}
          </Radix.Trigger>
        ))}
      </Radix.List>
      <Radix.Content value={current} className="min-h-0 grow pt-3 -outline-offset-2">
        {children}
      </Radix.Content>
    </Radix.Root>
  );
}
