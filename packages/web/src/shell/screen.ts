// What a screen tells the shell: where it stands in the navigation, and which keys lead to it.
import type { Permission } from "@sluice/protocol";
import type { LucideIcon } from "lucide-react";

/** Headings of the navigation, in their order. */
export const navSections = ["", "Workflows", "Operations"] as const;

export interface NavItem {
  readonly to: string;
  readonly label: string;
  readonly icon: LucideIcon;
  readonly section: (typeof navSections)[number];
  /** As `g r`. */
  readonly keys: string;
  /** Without this it is not shown. */
  readonly needs?: Permission | undefined;
  /** Has a place in the bar at the bottom of phones; up to four do. */
  readonly onPhones?: boolean | undefined;
  /** The noun of search results it belongs to. */
  readonly noun?: string | undefined;
}

/** What a noun of the search is called as a heading: its screen's name where it has one. */
export function nounLabel(navigation: readonly NavItem[], noun: string): string {
  const item = navigation.find((each) => each.noun === noun);
  return item?.label ?? noun.slice(0, 1).toUpperCase() + noun.slice(1);
}
