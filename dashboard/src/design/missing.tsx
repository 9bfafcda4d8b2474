import type { ReactNode } from "react";
import { ApiError } from "../api/problem.ts";
import { EmptyState } from "./empty-state.tsx";
import { Failure } from "./failure.tsx";
import { Page } from "./page.tsx";

interface MissingProps {
  /** The kind of thing, such as "connection". */
  what: string;
  /** Why it may be missing. */
  why: string;
  error: Error | null;
  retry: () => void;
  /** The way back to those that are there. */
  children: ReactNode;
}

/** The page of something that is not there, or could not be read. */
export function Missing({ what, why, error, retry, children }: MissingProps) {
  const isThere = error !== null && !(error instanceof ApiError && error.code === "not_found");
  return (
    <Page title={what.charAt(0).toUpperCase() + what.slice(1)}>
      {isThere ? (
        <Failure error={error} retry={retry} />
      ) : (
        <EmptyState title={`There is no such ${what}`}>
          <p>{why}</p>
          {children}
        </EmptyState>
      )}
    </Page>
  );
}
