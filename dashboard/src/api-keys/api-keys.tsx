import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { apiKeysQuery, type ApiKey } from "../api/api-keys.ts";
import { useMay } from "../api/use-may.ts";
import { Choices } from "../design/choices.tsx";
import { EmptyState } from "../design/empty-state.tsx";
import { Failure } from "../design/failure.tsx";
import { Loading } from "../design/loading.tsx";
import { NotAllowed } from "../design/not-allowed.tsx";
import { Page } from "../design/page.tsx";
import { useNow } from "../design/time.tsx";
import { KeyTable } from "./key-table.tsx";
import { stateOf } from "./key-state.ts";
import { MakeKey } from "./make-key.tsx";

/** Who may call the API, and as what. */
export function ApiKeys() {
  if (useMay("keys:write")) return <Keys />;
  return (
    <NotAllowed page="API keys" title="API keys are for administrators">
      Ask one of them for a key of your own.
    </NotAllowed>
  );
}

function Keys() {
  const found = useQuery(apiKeysQuery);
  return (
    <Page title="API keys" actions={<MakeKey />}>
      {found.isPending && <Loading what="API keys" />}
      {found.isError && <Failure error={found.error} retry={() => void found.refetch()} />}
      {found.data && <Found keys={found.data} />}
    </Page>
  );
}

const SHOWN = [
  ["living", "Valid"],
  ["all", "All"],
] as const;

function Found({ keys }: { keys: readonly ApiKey[] }) {
  const [shown, setShown] = useState<(typeof SHOWN)[number][0]>("living");
  const now = useNow();
  const rows = keys.filter((key) => shown === "all" || stateOf(key, now).lives);
  return (
    <>
      <Choices label="Which keys" choices={SHOWN} chosen={shown} choose={setShown} />
      {rows.length === 0 ? (
        <EmptyState title="No API key is valid">
          <p>Make one for each application, with the scopes that it needs and no others.</p>
        </EmptyState>
      ) : (
        <KeyTable keys={rows} />
      )}
    </>
  );
}
