import { useQuery } from "@tanstack/react-query";
import { campaignsQuery } from "../api/campaigns.ts";
import type { Incident } from "../api/open-incidents.ts";
import { Card } from "../design/card.tsx";
import { Failure } from "../design/failure.tsx";
import { Loading } from "../design/loading.tsx";
import { CampaignProgress } from "./campaign-progress.tsx";
import { StartCampaign } from "./start-campaign.tsx";

/** Asking the users of all its connections at once, and how that goes. */
export function Campaigns({ incident, mayWrite }: { incident: Incident; mayWrite: boolean }) {
  const found = useQuery(campaignsQuery(incident.id));
  const campaigns = found.data?.campaigns ?? [];
  return (
    <Card title="Asking the users to sign in again">
      {found.isPending && <Loading what="campaigns" />}
      {found.isError && <Failure error={found.error} retry={() => void found.refetch()} />}
      {found.data && campaigns.length === 0 && (
        <p>
          A campaign asks each user once, by an event to your application with a link for that user, and then reminds
          them until the connection is well. None was started for this incident.
        </p>
      )}
      {campaigns.map(({ id }) => (
        <CampaignProgress key={id} id={id} mayWrite={mayWrite} />
      ))}
      {mayWrite && <StartCampaign incident={incident} quiet={campaigns.length > 0} />}
    </Card>
  );
}
