import { z } from "zod";

/** Columns that hold JSON text, each with the shape it was written in. */
export const stringList = jsonColumn(z.array(z.string()));
export const stringMap = jsonColumn(z.record(z.string(), z.string()));

export interface JsonColumn<T> {
  write(value: T): string;
  read(text: string): T;
}

export function jsonColumn<T>(schema: z.ZodType<T>): JsonColumn<T> {
  return { write: (value) => JSON.stringify(value), read: (text) => schema.parse(JSON.parse(text)) };
}
