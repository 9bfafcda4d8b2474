/** What becomes of a row; docs/moving.md says what to do about each. */
export const VERDICTS = [
  "imported",
  "known",
  "importable",
  "no_client",
  "other_client",
  "no_refresh_token",
  "expired",
  "duplicate",
  "malformed",
  "sealed",
  "unread",
  "refused",
  "failed",
  "unchanged",
  "changed",
] as const;

export type Verdict = (typeof VERDICTS)[number];

/** A row and what became of it: a line of the report, which never holds a token. */
export interface RowResult {
  row: number;
  source_id: string;
  verdict: Verdict;
  connection: string | null;
  detail: string;
}

/** It is here, or could be. */
export function isWell({ verdict }: Pick<RowResult, "verdict">): boolean {
  return verdict === "imported" || verdict === "known" || verdict === "importable" || verdict === "unchanged";
}

/** Nothing more is to be done about it, so a run that goes on does not ask again. */
export function isSettled({ verdict }: Pick<RowResult, "verdict">): boolean {
  return verdict === "imported" || verdict === "known" || verdict === "refused";
}
