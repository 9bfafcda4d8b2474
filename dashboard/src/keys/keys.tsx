import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { tenantChoicesQuery } from "../api/choices.ts";
import { isOperatorsAdmin, may } from "../api/may.ts";
import { sessionQuery, type Session } from "../api/session.ts";
import { Field } from "../design/field.tsx";
import { NotAllowed } from "../design/not-allowed.tsx";
import { Page } from "../design/page.tsx";
import { RootKey } from "./root-key.tsx";
import { TenantKey } from "./tenant-key.tsx";

/** What seals tokens and secrets. */
export function Keys() {
  const { data: session } = useQuery(sessionQuery);
  if (!session || !may(session, "admin")) {
    return (
      <NotAllowed page="Encryption keys" title="Keys are for administrators">
        Ask one of them, or sign in with a key of the scope admin.
      </NotAllowed>
    );
  }
  return (
    <Page title="Encryption keys">
      <p>
        The root key wraps the tenants&rsquo; keys, and those seal every token and every secret. Both can be changed
        while everything goes on.
      </p>
      {isOperatorsAdmin(session) ? <OperatorKeys session={session} /> : <TenantKey tenant={session.tenant} />}
    </Page>
  );
}

function OperatorKeys({ session }: { session: Session }) {
  const [tenant, setTenant] = useState(session.tenant);
  const { data } = useQuery(tenantChoicesQuery);
  const others = data?.tenants.filter(({ id }) => id !== session.tenant) ?? [];
  return (
    <>
      <RootKey />
      {others.length > 0 && (
        <Field label="Tenant">
          {(id) => (
            <select id={id} value={tenant} onChange={(event) => setTenant(event.target.value)}>
              <option value={session.tenant}>{session.tenant}</option>
              {others.map((each) => (
                <option key={each.id} value={each.id}>
                  {each.name}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      <TenantKey key={tenant} tenant={tenant} />
    </>
  );
}
