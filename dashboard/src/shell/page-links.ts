import {
  Activity,
  Cable,
  KeyRound,
  Lock,
  ScrollText,
  Settings,
  Siren,
  Ticket,
  Unplug,
  Webhook,
  type LucideIcon,
} from "lucide-react";
import { may } from "../api/may.ts";
import type { Session } from "../api/session.ts";

/** What the navigation leads to, of which each is offered only to those who may read what is there. */
export function pagesFor(session: Session) {
  return PAGES.filter((page) => !("scopes" in page) || page.scopes.some((scope) => may(session, scope)));
}

interface PageLink {
  to: string;
  label: string;
  Icon: LucideIcon;
  /** One of them is needed. */
  scopes?: readonly Session["scopes"][number][];
}

const PAGES = [
  { to: "/", label: "Home", Icon: Activity },
  { to: "/connections", label: "Connections", Icon: Cable },
  { to: "/connect", label: "Connect", Icon: Unplug, scopes: ["connections:write", "clients:write"] },
  { to: "/clients", label: "Clients", Icon: KeyRound },
  { to: "/incidents", label: "Incidents", Icon: Siren },
  { to: "/webhooks", label: "Webhooks", Icon: Webhook, scopes: ["webhooks:read"] },
  { to: "/keys", label: "Encryption keys", Icon: Lock, scopes: ["admin"] },
  { to: "/api-keys", label: "API keys", Icon: Ticket, scopes: ["keys:write"] },
  { to: "/audit", label: "Audit", Icon: ScrollText, scopes: ["audit:read"] },
  { to: "/settings", label: "Settings", Icon: Settings },
] as const satisfies readonly PageLink[];
