import { useQuery } from "@tanstack/react-query";
import { CircleCheck, CircleSlash, Hourglass } from "lucide-react";
import { campaignQuery, cancelCampaign, type Campaign } from "../api/campaigns.ts";
import { Badge } from "../design/badge.tsx";
import { Confirm } from "../design/confirm.tsx";
import { counted } from "../design/counted.ts";
import { Facts } from "../design/facts.tsx";
import { Failure } from "../design/failure.tsx";
import { Loading } from "../design/loading.tsx";
import { Progress } from "../design/progress.tsx";
import { Time } from "../design/time.tsx";
import styles from "./campaign-progress.module.css";
import { CampaignMembers } from "./campaign-members.tsx";

/** How one campaign goes, as long as it runs as of a few seconds ago. */
export function CampaignProgress({ id, mayWrite }: { id: string; mayWrite: boolean }) {
  const found = useQuery(campaignQuery(id));
  if (found.isPending) return <Loading what="the campaign" />;
  if (!found.data) return <Failure error={found.error} retry={() => void found.refetch()} />;
  return <Found campaign={found.data} mayWrite={mayWrite} />;
}

function Found({ campaign, mayWrite }: { campaign: Campaign; mayWrite: boolean }) {
  const { id, state, created_at, ended_at, report } = campaign;
  const { text, tone, Icon } = STATES[state];
  const isRunning = state === "running";
  return (
    <section aria-label={`Campaign of ${created_at.slice(0, 10)}`} className={styles["campaign"]}>
      <div className={styles["head"]}>
        <Badge tone={tone} Icon={Icon}>
          {text}
        </Badge>
        <span className={styles["soft"]}>
          Started <Time at={created_at} />
          {ended_at !== null && (
            <>
              , ended <Time at={ended_at} />
            </>
          )}
        </span>
      </div>
      <div aria-live="polite">
        <Progress
          label="Connections that are well again"
          done={report.recovered}
          of={report.connections - report.disconnected}
          words={`${report.recovered.toLocaleString("en")} of ${counted(report.connections, "connection is", "connections are")} well again`}
        />
      </div>
      <Facts facts={factsOf(campaign)} />
      <CampaignMembers id={id} />
      {mayWrite && isRunning && (
        <div>
          <Confirm
            action="Cancel the campaign"
            title="Ask nobody any more?"
            consequence="Users who were asked keep their links, and these go on working. Nobody is reminded any more. It cannot be taken up again, but another campaign can be started."
            run={() => cancelCampaign(id)}
          />
        </div>
      )}
    </section>
  );
}

function factsOf({ report, remind_after_hours: hours, quiet_hours: quiet }: Campaign): Record<string, string> {
  const { connections, asked, requests, recovered, disconnected, unanswered } = report;
  const waiting = connections - recovered - disconnected - unanswered;
  return {
    Asked: `${asked.toLocaleString("en")} of ${connections.toLocaleString("en")}, ${counted(requests, "time", "times")} in all`,
    "Waited for": waiting.toLocaleString("en"),
    "Did not answer": unanswered.toLocaleString("en"),
    Disconnected: disconnected.toLocaleString("en"),
    Reminders: hours.length === 0 ? "none" : `after ${hours.map((each) => lengthOf(each)).join(", ")}`,
    ...(quiet && { "Quiet hours": `${quiet.from} to ${quiet.to}, ${quiet.time_zone}` }),
  };
}

function lengthOf(hours: number): string {
  return hours % 24 === 0 ? counted(hours / 24, "day", "days") : counted(hours, "hour", "hours");
}

const STATES = {
  running: { text: "Running", tone: "waiting", Icon: Hourglass },
  finished: { text: "Finished", tone: "good", Icon: CircleCheck },
  cancelled: { text: "Cancelled", tone: "calm", Icon: CircleSlash },
} as const satisfies Record<Campaign["state"], unknown>;
