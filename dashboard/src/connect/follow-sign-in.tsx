import { useQuery } from "@tanstack/react-query";
import { connectSessionQuery, type ConnectSession, type StartedConnectSession } from "../api/connect-sessions.ts";
import { Button } from "../design/button.tsx";
import { Copy } from "../design/copy.tsx";
import { Failure } from "../design/failure.tsx";
import { Time } from "../design/time.tsx";
import styles from "./follow-sign-in.module.css";
import { Proof } from "./proof.tsx";

interface FollowSignInProps {
  started: StartedConnectSession;
  providerName: string;
  /** Begins with another link. */
  again: () => void;
}

export function FollowSignIn({ started, providerName, again }: FollowSignInProps) {
  const { data: session, error, isError, refetch } = useQuery(connectSessionQuery(started.id));
  const { status, connection_id: connectionId } = session ?? { status: "created", connection_id: null };
  return (
    <div className={styles["follow"]}>
      {status === "created" && <SignInLink started={started} providerName={providerName} />}
      <output className={styles["status"]}>{session && wordsFor(session, providerName)}</output>
      {isError && <Failure error={error} retry={() => void refetch()} />}
      {connectionId !== null && status === "completed" && <Proof connectionId={connectionId} />}
      {(status === "failed" || status === "expired" || status === "completed") && (
        <Button quiet onClick={again}>
          {status === "completed" ? "Connect another account" : "Make another link"}
        </Button>
      )}
    </div>
  );
}

function SignInLink({ started, providerName }: Omit<FollowSignInProps, "again">) {
  return (
    <>
      <a className={styles["link"]} href={started.connect_url} target="_blank" rel="noopener noreferrer">
        Sign in at {providerName} (new tab)
      </a>
      <p>
        Or send it to the account&rsquo;s owner; it works once and ends <Time at={started.expires_at} />.
      </p>
      <Copy text={started.connect_url} label="the link" />
    </>
  );
}

function wordsFor({ status, problem }: ConnectSession, providerName: string): string {
  switch (status) {
    case "created":
      return "Waiting for somebody to open the link.";
    case "started":
      return `The sign-in has begun. Waiting for ${providerName} to send the user back.`;
    case "authorized":
    case "exchanging":
      return "The user has consented. The tokens are being fetched.";
    case "switching":
      return problem?.detail ?? "The user came back with another account and is asked about it.";
    case "completed":
      return problem?.detail ?? "The account is connected.";
    case "failed":
      return problem?.detail ?? "The sign-in failed.";
    case "expired":
      return "The link has ended before the sign-in was finished.";
  }
}
