import { useQuery } from "@tanstack/react-query";
import { isOperatorsAdmin, may } from "../api/may.ts";
import { sessionQuery } from "../api/session.ts";
import { Card } from "../design/card.tsx";
import { Columns } from "../design/columns.tsx";
import { Page } from "../design/page.tsx";
import { ThemeSwitch } from "../shell/theme-switch.tsx";
import { InstallationCard } from "./installation-card.tsx";
import { Notices } from "./notices.tsx";
import { OtherSessions } from "./other-sessions.tsx";
import { ThisSession } from "./this-session.tsx";
import { Tenants } from "./tenants.tsx";

/** Who is signed in, what this installation is, and who else it serves. */
export function Settings() {
  const { data: session } = useQuery(sessionQuery);
  if (!session) return null;
  return (
    <Page title="Settings">
      <Columns
        first={
          <>
            <ThisSession session={session} />
            {may(session, "admin") && <OtherSessions />}
          </>
        }
        second={
          <>
            <Card title="Appearance">
              <ThemeSwitch />
            </Card>
            <InstallationCard />
            <Notices session={session} />
          </>
        }
      />
      {isOperatorsAdmin(session) && <Tenants />}
    </Page>
  );
}
