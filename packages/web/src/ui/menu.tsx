// A menu behind a button: actions on one thing.
import { DropdownMenu } from "radix-ui";
import type { LucideIcon } from "lucide-react";
import { Check } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "./cx.ts";
import { Keys } from "./keys.tsx";

export interface MenuItem {
  readonly label: string;
  /** Fainter, behind the label. */
  readonly detail?: ReactNode;
  readonly run: () => void;
  readonly icon?: LucideIcon | undefined;
  readonly keys?: string | undefined;
  readonly danger?: boolean | undefined;
  readonly disabled?: boolean | undefined;
  /** Shows whether it is the chosen one. */
  readonly checked?: boolean | undefined;
}

/** Items with lines between groups. */
type MenuGroups = readonly (readonly MenuItem[])[];

interface MenuProps {
  readonly groups: MenuGroups;
  readonly align?: "start" | "end" | undefined;
  readonly heading?: ReactNode;
  /** One button. */
  readonly children: ReactNode;
}

export function Menu({ groups, align = "end", heading, children }: MenuProps) {
  const shown = groups.filter((group) => group.length > 0);
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{children}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align={align}
          sideOffset={4}
          collisionPadding={8}
          className="z-60 max-h-(--radix-dropdown-menu-content-available-height) min-w-44 overflow-y-auto rounded-lg bg-raised p-1 shadow-pop animate-appear"
        >
          {heading !== undefined && <div className="px-2 py-1.5 text-xs text-ink-faint">{heading}</div>}
          {shown.map((group, index) => (
            <DropdownMenu.Group key={group[0]?.label ?? index}>
              {(index > 0 || heading !== undefined) && <DropdownMenu.Separator className="mx-1 my-1 h-px bg-line" />}
              {group.map((item) => (
                <Item key={item.label} item={item} />
              ))}
            </DropdownMenu.Group>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

function Item({ item }: { readonly item: MenuItem }) {
  const { icon: Icon } = item;
  const look = cx(
    "flex h-7 cursor-pointer select-none items-center gap-2 rounded-sm px-2 text-sm outline-none",
    "data-[highlighted]:bg-hover data-[disabled]:cursor-default data-[disabled]:opacity-50",
    item.danger === true ? "text-bad" : "text-ink",
  );
  const inside = (
    <>
      {Icon !== undefined && <Icon aria-hidden className="size-3.5 shrink-0 opacity-80" />}
      <span className="grow">
        {item.label}
        {item.detail !== undefined && <span className="ml-2 text-xs text-ink-faint">{item.detail}</span>}
      </span>
      {item.keys !== undefined && <Keys keys={item.keys} />}
      {item.checked === true && <Check aria-hidden className="size-3.5 text-accent-ink" />}
    </>
  );
  if (item.checked !== undefined) {
    return (
      <DropdownMenu.CheckboxItem
        className={look}
        checked={item.checked}
        disabled={item.disabled === true}
        onSelect={item.run}
      >
        {inside}
      </DropdownMenu.CheckboxItem>
    );
  }
  return (
    <DropdownMenu.Item className={look} disabled={item.disabled === true} onSelect={item.run}>
      {inside}
    </DropdownMenu.Item>
  );
}
