/** A place in an instance's journal: a segment's number and an offset in its file. */
export interface Position {
  segment: number;
  offset: number;
}

/** Before everything. */
export const START: Position = { segment: 0, offset: 0 };

export function isBefore(one: Position, other: Position): boolean {
  return one.segment === other.segment ? one.offset < other.offset : one.segment < other.segment;
}
