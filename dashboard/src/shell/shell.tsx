import { useQuery } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { useEffect, useRef, type MouseEvent, type RefObject } from "react";
import { keepInStep } from "../api/live.ts";
import { sessionQuery } from "../api/session.ts";
import { Failure } from "../design/failure.tsx";
import { Loading } from "../design/loading.tsx";
import { Page } from "../design/page.tsx";
import { Navigation } from "./navigation.tsx";
import styles from "./shell.module.css";
import { SignIn } from "./sign-in.tsx";
import { useArrival } from "./use-arrival.ts";

/** What stands around every page; whoever is not signed in sees only where to do that. */
export function Shell() {
  const session = useQuery(sessionQuery);
  const isSignedIn = session.data !== undefined && session.data !== null;
  const content = useRef<HTMLElement>(null);
  useEffect(() => (isSignedIn ? keepInStep() : undefined), [isSignedIn]);
  useArrival(content);
  if (session.isPending) return <Loading what="the session" />;
  if (session.isError) return <NoSession error={session.error} retry={() => void session.refetch()} />;
  if (session.data === null) return <SignIn />;
  return (
    <div className={styles["shell"]}>
      <Skip content={content} />
      <Navigation session={session.data} />
      <main ref={content} id="content" tabIndex={-1} className={styles["content"]}>
        <Outlet />
      </main>
    </div>
  );
}

/** The address would be one of the start, on which all addresses rest (`base`). */
function Skip({ content }: { content: RefObject<HTMLElement | null> }) {
  const skip = (event: MouseEvent): void => {
    event.preventDefault();
    content.current?.focus();
  };
  return (
    <a className={styles["skip"]} href="#content" onClick={skip}>
      Skip to the content
    </a>
  );
}

function NoSession({ error, retry }: { error: Error; retry: () => void }) {
  return (
    <main className={styles["content"]}>
      <Page title="Evergrant">
        <Failure error={error} retry={retry} />
      </Page>
    </main>
  );
}
