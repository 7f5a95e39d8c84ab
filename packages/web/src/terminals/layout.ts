// Which terminals are open beside each other, as it is written in the URL: tabs with commas between, and the panes of a tab with `.`
// where they stand side by side, `:` where one is above the other: `term_a.term_b,term_c`.

export interface Tab {
  /** Ids of terminals, at least one. */
  readonly panes: readonly string[];
  readonly direction: "row" | "column";
}

const tabsMax = 16;
const panesMax = 4;
const id = /^[A-Za-z0-9_-]{1,64}$/;

/** The tabs of a URL with the terminal that has the focus, which gets a tab of its own where it is in none. Each terminal is there once. */
export function tabsOf(layout: string | undefined, focused: string): readonly Tab[] {
  const seen = new Set<string>();
  const fresh = (name: string): boolean => {
    if (!id.test(name) || seen.has(name)) return false;
    seen.add(name);
    return true;
  };
  const tabs = (layout ?? "")
    .split(",")
    .slice(0, tabsMax)
    .map((text): Tab => ({
      panes: text.split(/[.:]/).filter(fresh).slice(0, panesMax),
      direction: text.includes(":") ? "column" : "row",
    }))
    .filter(({ panes }) => panes.length > 0);
  return tabs.some(({ panes }) => panes.includes(focused)) ? tabs : [...tabs, { panes: [focused], direction: "row" }];
}

/** Undefined where the focused terminal alone is open: the URL says that by itself. */
export function layoutOf(tabs: readonly Tab[]): string | undefined {
  if (tabs.length === 0 || (tabs.length === 1 && tabs[0]?.panes.length === 1)) return undefined;
  return tabs.map(({ panes, direction }) => panes.join(direction === "row" ? "." : ":")).join(",");
}

/** Index of the tab that has a terminal. */
export function tabWith(tabs: readonly Tab[], terminal: string): number {
  return tabs.findIndex(({ panes }) => panes.includes(terminal));
}

/** Whether there is room for another pane beside a terminal. */
export function canSplit(tabs: readonly Tab[], terminal: string): boolean {
  return (tabs[tabWith(tabs, terminal)]?.panes.length ?? panesMax) < panesMax;
}

export function canOpen(tabs: readonly Tab[]): boolean {
  return tabs.length < tabsMax;
}

/** A terminal beside another one in its tab. */
export function split(
  tabs: readonly Tab[],
  p: { readonly at: string; readonly added: string; readonly direction: Tab["direction"] },
): readonly Tab[] {
  const at = tabWith(tabs, p.at);
  return tabs.map((tab, index) => {
    if (index !== at) return tab;
    const place = tab.panes.indexOf(p.at) + 1;
    const panes = [...tab.panes.slice(0, place), p.added, ...tab.panes.slice(place)];
    return { panes, direction: p.direction };
  });
}

/** Without some terminals of one tab; answers who would have the focus then, undefined when nothing is open any more. */
export function without(
  tabs: readonly Tab[],
  terminals: readonly string[],
): { readonly tabs: readonly Tab[]; readonly focus: string | undefined } {
  const at = tabWith(tabs, terminals[0] ?? "");
  const tab = tabs[at];
  if (tab === undefined) return { tabs, focus: tabs[0]?.panes[0] };
  const place = tab.panes.indexOf(terminals[0] ?? "");
  const panes = tab.panes.filter((each) => !terminals.includes(each));
  const changed = tabs.map((each, index) => (index === at ? { ...each, panes } : each));
  const left = changed.filter((each) => each.panes.length > 0);
  const focus = panes[Math.min(place, panes.length - 1)] ?? left[Math.min(at, left.length - 1)]?.panes[0];
  return { tabs: left, focus };
}
