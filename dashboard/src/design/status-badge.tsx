import { CircleAlert, CircleCheck, CirclePause, CircleSlash, TriangleAlert } from "lucide-react";
import type { ConnectionStatus } from "../api/connections.ts";
import { Badge } from "./badge.tsx";

export function StatusBadge({ status }: { status: ConnectionStatus }) {
  const { text, tone, Icon } = LOOKS[status];
  return (
    <Badge tone={tone} Icon={Icon}>
      {text}
    </Badge>
  );
}

const STATUSES = [
  "active",
  "degraded",
  "suspended",
  "reauthorization_required",
  "disconnected",
] as const satisfies readonly ConnectionStatus[];

const LOOKS = {
  active: { text: "Active", tone: "good", Icon: CircleCheck },
  degraded: { text: "Degraded", tone: "waiting", Icon: TriangleAlert },
  suspended: { text: "Suspended", tone: "waiting", Icon: CirclePause },
  reauthorization_required: { text: "Sign-in needed", tone: "bad", Icon: CircleAlert },
  disconnected: { text: "Disconnected", tone: "calm", Icon: CircleSlash },
} as const satisfies Record<ConnectionStatus, unknown>;

/** The statuses and what they are called. */
export const STATUS_NAMES = STATUSES.map((status) => [status, LOOKS[status].text] as const);
