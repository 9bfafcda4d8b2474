import type { RefreshOutcomeName } from "../api/refreshes.ts";

export interface Outcome {
  key: RefreshOutcomeName;
  words: string;
}

/** What may come of a token request, in the order that it is stacked in. */
export const OUTCOMES: readonly Outcome[] = [
  { key: "succeeded", words: "New token" },
  { key: "retry_later", words: "Tried again later" },
  { key: "lost", words: "Answer lost" },
  { key: "client_fault", words: "Client refused" },
  { key: "rejected", words: "Rejected" },
];
