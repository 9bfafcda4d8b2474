import type { ReactNode } from "react";
import { EmptyState } from "./empty-state.tsx";
import { Page } from "./page.tsx";

interface NotAllowedProps {
  page: string;
  /** Whose it is. */
  title: string;
  /** What helps. */
  children: ReactNode;
}

/** A page that is not for whoever came to its address. */
export function NotAllowed({ page, title, children }: NotAllowedProps) {
  return (
    <Page title={page}>
      <EmptyState title={title}>
        <p>{children}</p>
      </EmptyState>
    </Page>
  );
}
