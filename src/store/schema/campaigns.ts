/** Campaigns, and whom they ask. */
export interface CampaignTables {
  campaigns: CampaignsTable;
  campaign_members: CampaignMembersTable;
}

interface CampaignsTable {
  id: string;
  tenant_id: string;
  incident_id: string | null;
  client_id: string | null;
  to_client_id: string | null;
  remind_after: string;
  quiet_hours: string | null;
  created_at: number;
  finished_at: number | null;
  cancelled_at: number | null;
}

interface CampaignMembersTable {
  campaign_id: string;
  connection_id: string;
  asked: number;
  first_asked_at: number | null;
  last_asked_at: number | null;
  next_at: number | null;
  outcome: string | null;
}
