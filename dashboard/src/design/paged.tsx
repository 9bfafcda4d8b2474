import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { Failure } from "./failure.tsx";
import { Loading } from "./loading.tsx";

interface PagedProps<Page, Row> {
  list: UseInfiniteQueryResult<InfiniteData<Page>>;
  /** What it is a list of, in the plural. */
  what: string;
  rowsOf: (page: Page) => readonly Row[];
  /** What is said when there is nothing. */
  none: ReactNode;
  children: (rows: readonly Row[]) => ReactNode;
}

/** A list that comes in pages: what it has so far, and a button for more. */
export function Paged<Page, Row>({ list, what, rowsOf, none, children }: PagedProps<Page, Row>) {
  if (list.isPending) return <Loading what={what} />;
  if (!list.data) return <Failure error={list.error} retry={() => void list.refetch()} />;
  const rows = list.data.pages.flatMap(rowsOf);
  return (
    <>
      {rows.length === 0 ? none : children(rows)}
      {list.isError && <Failure error={list.error} retry={() => void list.refetch()} />}
      {list.hasNextPage && (
        <div>
          <Button quiet busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Show more {what}
          </Button>
        </div>
      )}
    </>
  );
}
