import type { Colour, Paint } from "./paint.ts";
import { printable } from "./printable.ts";

export interface Cell {
  text: string;
  colour?: Colour | undefined;
}

const GAP = "  ";

/** Lines with aligned columns; the last column is as long as it is. */
export function table(rows: readonly (readonly Cell[])[], paint: Paint = (_colour, text) => text): string[] {
  const plain = rows.map((row) => row.map(({ text, colour }) => ({ text: oneLine(text), colour })));
  const widths = plain.reduce<number[]>((most, row) => maxima(most, row), []);
  return plain.map((row) =>
    row
      .map(({ text, colour }, column) => {
        const padding = " ".repeat(column === row.length - 1 ? 0 : (widths[column] ?? 0) - text.length);
        return (colour === undefined ? text : paint(colour, text)) + padding;
      })
      .join(GAP)
      .trimEnd(),
  );
}

function maxima(most: readonly number[], row: readonly Cell[]): number[] {
  const length = Math.max(most.length, row.length);
  return Array.from({ length }, (_, column) => Math.max(most[column] ?? 0, row[column]?.text.length ?? 0));
}

function oneLine(text: string): string {
  return printable(text).replaceAll("\n", " ");
}
