import { Link } from "@tanstack/react-router";
import {
  type LucideIcon,
  Activity,
  Cable,
  KeyRound,
  Lock,
  LogOut,
  ScrollText,
  Settings,
  Siren,
  Ticket,
  Unplug,
  Webhook,
} from "lucide-react";
import { may } from "../api/may.ts";
import { signOut, type Session } from "../api/session.ts";
import { Button } from "../design/button.tsx";
import styles from "./navigation.module.css";

const PAGES = [
  { to: "/", label: "Home", Icon: Activity },
  { to: "/connections", label: "Connections", Icon: Cable },
  { to: "/connect", label: "Connect", Icon: Unplug },
  { to: "/clients", label: "Clients", Icon: KeyRound },
  { to: "/incidents", label: "Incidents", Icon: Siren },
  { to: "/webhooks", label: "Webhooks", Icon: Webhook, scope: "webhooks:read" },
  { to: "/keys", label: "Encryption keys", Icon: Lock, scope: "keys:write" },
  { to: "/api-keys", label: "API keys", Icon: Ticket, scope: "keys:write" },
  { to: "/audit", label: "Audit", Icon: ScrollText, scope: "audit:read" },
  { to: "/settings", label: "Settings", Icon: Settings },
] as const satisfies readonly PageLink[];

interface PageLink {
  to: string;
  label: string;
  Icon: LucideIcon;
  /** What it needs; it is not offered to others. */
  scope?: Session["scopes"][number];
}

export function Navigation({ session }: { session: Session }) {
  return (
    <header className={styles["bar"]}>
      <p className={styles["name"]}>Evergrant</p>
      <nav aria-label="Pages">
        <ul className={styles["pages"]}>
          {offeredTo(session).map(({ to, label, Icon }) => (
            <li key={to}>
              <Link to={to} className={styles["page"]} activeOptions={{ exact: to === "/" }}>
                <Icon size={18} aria-hidden="true" />
                {label}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <div className={styles["who"]}>
        <p className={styles["person"]}>
          {session.operator?.email ?? session.operator?.subject ?? "API key"} <span>({session.role})</span>
        </p>
        <Button quiet onClick={() => void signOut()}>
          <LogOut size={16} aria-hidden="true" />
          Sign out
        </Button>
      </div>
    </header>
  );
}

function offeredTo(session: Session) {
  return PAGES.filter((page) => !("scope" in page) || may(session, page.scope));
}
