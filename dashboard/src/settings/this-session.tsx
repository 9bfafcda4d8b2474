import type { Session } from "../api/session.ts";
import { Card } from "../design/card.tsx";
import { Facts } from "../design/facts.tsx";
import { SignOut } from "../shell/sign-out.tsx";

const ROLES: Record<Session["role"], string> = {
  viewer: "Viewer: sees everything but secrets",
  operator: "Operator: changes connections, clients and webhooks",
  admin: "Administrator: may do everything",
};

export function ThisSession({ session: { id, operator, role, tenant } }: { session: Session }) {
  return (
    <Card title="You">
      <Facts
        facts={{
          "Signed in as": operator?.email ?? operator?.subject ?? "whoever has the API key",
          Role: ROLES[role],
          Tenant: tenant,
          Session: <code>{id}</code>,
        }}
      />
      <SignOut label="Sign this browser out" />
    </Card>
  );
}
