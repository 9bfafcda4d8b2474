import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { installationQuery } from "../api/installation.ts";
import { may } from "../api/may.ts";
import type { Session } from "../api/session.ts";
import { Card } from "../design/card.tsx";
import { Copy } from "../design/copy.tsx";

/** How people and applications hear of trouble while nobody looks at this page. */
export function Notices({ session }: { session: Session }) {
  const { data } = useQuery(installationQuery);
  return (
    <Card title="Who hears of trouble">
      {data && (
        <p>
          {data.mails_operators
            ? "Operators are written mails. To see whether they arrive, run this with the service’s settings:"
            : "Nobody is written mails: the settings EVERGRANT_SMTP_URL, EVERGRANT_MAIL_FROM and EVERGRANT_NOTIFY_EMAIL say how and to whom."}
        </p>
      )}
      {data?.mails_operators === true && <Copy text="evergrant mail test" label="the command" />}
      {may(session, "webhooks:read") && (
        <p>
          Applications hear by <Link to="/webhooks">webhooks</Link>, each of which can be sent a test.
        </p>
      )}
    </Card>
  );
}
