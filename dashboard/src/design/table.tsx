import type { ReactNode } from "react";
import styles from "./table.module.css";
import { useWidth } from "./use-width.ts";

export interface Column<Row> {
  head: string;
  cell: (row: Row) => ReactNode;
  /** Numbers stand at the end of their cell. */
  numeric?: boolean;
}

interface TableProps<Row> {
  /** What the table is about, for whoever hears it. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
}

/** Of a column, in pixels. */
const NARROWEST = 112;

/** A table of few rows; where there is little room each row becomes a list of names and values. */
export function Table<Row>({ caption, columns, rows, keyOf }: TableProps<Row>) {
  const [width, measure] = useWidth();
  const isList = width < columns.length * NARROWEST;
  return (
    <div ref={measure}>
      <table className={[styles["table"], isList && styles["list"]].filter(Boolean).join(" ")}>
        <caption className={styles["caption"]}>{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ head, numeric }) => (
              <th key={head} scope="col" className={numeric === true ? styles["numeric"] : undefined}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ head, cell, numeric }) => (
                <td key={head} data-head={head} className={numeric === true ? styles["numeric"] : undefined}>
                  <div>{cell(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
