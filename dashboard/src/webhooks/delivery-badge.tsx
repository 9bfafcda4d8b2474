import { CircleAlert, CircleCheck, CircleSlash, Hourglass } from "lucide-react";
import type { DeliveryState } from "../api/deliveries.ts";
import { Badge } from "../design/badge.tsx";

export function DeliveryBadge({ state }: { state: DeliveryState }) {
  const { text, tone, Icon } = LOOKS[state];
  return (
    <Badge tone={tone} Icon={Icon}>
      {text}
    </Badge>
  );
}

const LOOKS = {
  pending: { text: "On its way", tone: "waiting", Icon: Hourglass },
  delivered: { text: "Delivered", tone: "good", Icon: CircleCheck },
  given_up: { text: "Given up", tone: "bad", Icon: CircleAlert },
  cancelled: { text: "Cancelled", tone: "calm", Icon: CircleSlash },
} as const satisfies Record<DeliveryState, unknown>;
