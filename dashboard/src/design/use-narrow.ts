import { useSyncExternalStore } from "react";

/** Where a table of many columns becomes a list of cards. */
const NARROW = matchMedia("(max-width: 60rem)");

export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => NARROW.matches);
}

function subscribe(listener: () => void): () => void {
  NARROW.addEventListener("change", listener);
  return () => NARROW.removeEventListener("change", listener);
}
