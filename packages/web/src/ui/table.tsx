// A table of up to a few hundred rows. For more there is VirtualTable, with the same columns.
import type { ReactNode } from "react";
import { isControl, useShownColumns } from "./columns.ts";
import type { Column } from "./columns.ts";
import { cx } from "./cx.ts";

interface TableProps<Row> {
  /** What it lists, for screen readers. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** A click anywhere on the row. The row's main cell should be a link that does the same, for keyboards. */
  readonly onOpen?: ((row: Row) => void) | undefined;
  readonly isSelected?: ((row: Row) => boolean) | undefined;
  /** Instead of rows where there are none. */
  readonly empty?: ReactNode;
}

export function Table<Row>(props: TableProps<Row>) {
  const { label, columns, rows, rowKey, onOpen, isSelected, empty } = props;
  const shown = useShownColumns(columns);
  if (rows.length === 0 && empty !== undefined) return empty;
  return (
    <div className="overflow-x-auto">
      <table className="w-full border-collapse text-sm" aria-label={label}>
        <thead>
          <tr className="border-b border-line text-left text-xs text-ink-faint">
            {shown.map((column) => (
              <th
                key={column.name}
                scope="col"
                style={{ width: column.width }}
                className={cx(
                  "h-8 px-3 font-medium whitespace-nowrap first:pl-4 last:pr-4",
                  column.align === "end" && "text-right",
                )}
              >
                {column.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={rowKey(row)}
              aria-selected={isSelected?.(row)}
              onClick={onOpen === undefined ? undefined : (event) => !isControl(event.target) && onOpen(row)}
              className={cx(
                "border-b border-line last:border-b-0 aria-selected:bg-accent-soft",
                onOpen !== undefined && "cursor-pointer hover:bg-hover",
              )}
            >
              {shown.map((column) => (
                <td
                  key={column.name}
                  className={cx("h-10 px-3 first:pl-4 last:pr-4", column.align === "end" && "text-right tabular")}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
