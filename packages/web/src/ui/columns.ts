// Columns of tables: which there are at the width the page has now.
import type { ReactNode } from "react";
import { useSyncExternalStore } from "react";

/** Widths of the page in pixels from which on a column is shown. */
const widthsPx = { sm: 640, md: 768, lg: 1024, xl: 1280 } as const;
export type Width = keyof typeof widthsPx;

export interface Column<Row> {
  readonly name: string;
  readonly label: string;
  readonly cell: (row: Row) => ReactNode;
  /** A track of a CSS grid; `minmax(0, 1fr)` without. */
  readonly width?: string | undefined;
  readonly align?: "start" | "end" | undefined;
  /** Not shown on pages narrower than this. */
  readonly from?: Width | undefined;
}

/** Whether the page is at least this wide. */
export function useIsWide(width: Width): boolean {
  const query = `(min-width: ${widthsPx[width]}px)`;
  return useSyncExternalStore(
    (listener) => {
      const media = matchMedia(query);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    () => matchMedia(query).matches,
  );
}

/** The columns that have room. */
export function useShownColumns<Row>(columns: readonly Column<Row>[]): readonly Column<Row>[] {
  const wide = { sm: useIsWide("sm"), md: useIsWide("md"), lg: useIsWide("lg"), xl: useIsWide("xl") };
  return columns.filter((column) => column.from === undefined || wide[column.from]);
}

/** Clicks on what is a control itself are not clicks on its row. */
export function isControl(target: EventTarget): boolean {
  return target instanceof Element && target.closest('a, button, input, label, [role="checkbox"]') !== null;
}
