import { CircleCheck, CirclePause, TriangleAlert } from "lucide-react";
import type { Endpoint } from "../api/webhooks.ts";
import { Badge } from "../design/badge.tsx";

type State = Pick<Endpoint, "status" | "disabled_reason" | "failing_since">;

export function EndpointBadge({ endpoint }: { endpoint: State }) {
  const { text, tone, Icon } = lookOf(endpoint);
  return (
    <Badge tone={tone} Icon={Icon}>
      {text}
    </Badge>
  );
}

function lookOf({ status, disabled_reason, failing_since }: State) {
  if (status === "disabled") {
    return disabled_reason === "by_request"
      ? ({ text: "Disabled", tone: "calm", Icon: CirclePause } as const)
      : ({ text: "Disabled after failures", tone: "bad", Icon: CirclePause } as const);
  }
  if (failing_since !== null) return { text: "Failing", tone: "waiting", Icon: TriangleAlert } as const;
  return { text: "Enabled", tone: "good", Icon: CircleCheck } as const;
}
