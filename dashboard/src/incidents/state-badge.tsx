import { CircleAlert, CircleCheck, Eye } from "lucide-react";
import type { Incident } from "../api/open-incidents.ts";
import { Badge } from "../design/badge.tsx";

export function StateBadge({ state }: { state: Incident["state"] }) {
  const { text, tone, Icon } = LOOKS[state];
  return (
    <Badge tone={tone} Icon={Icon}>
      {text}
    </Badge>
  );
}

const LOOKS = {
  open: { text: "Open", tone: "bad", Icon: CircleAlert },
  acknowledged: { text: "Looked after", tone: "waiting", Icon: Eye },
  resolved: { text: "Over", tone: "good", Icon: CircleCheck },
} as const satisfies Record<Incident["state"], unknown>;
