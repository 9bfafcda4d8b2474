import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { campaignMembersQuery, type CampaignMember } from "../api/campaigns.ts";
import { Button } from "../design/button.tsx";
import { Paged } from "../design/paged.tsx";
import { Table, type Column } from "../design/table.tsx";
import { Time } from "../design/time.tsx";

/** What became of each connection of a campaign; asked for when somebody wants to know. */
export function CampaignMembers({ id }: { id: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <div>
        <Button quiet aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "Hide its connections" : "Show its connections"}
        </Button>
      </div>
      {open && <List id={id} />}
    </>
  );
}

function List({ id }: { id: string }) {
  const list = useInfiniteQuery(campaignMembersQuery(id));
  return (
    <Paged list={list} what="connections" rowsOf={({ connections }) => connections} none={<p>None.</p>}>
      {(members: readonly CampaignMember[]) => (
        <Table
          caption="Connections of the campaign"
          columns={COLUMNS}
          rows={members}
          keyOf={({ connection }) => connection}
        />
      )}
    </Paged>
  );
}

const OUTCOMES: Record<NonNullable<CampaignMember["outcome"]>, string> = {
  recovered: "Well again",
  disconnected: "Disconnected",
  unanswered: "Did not answer",
  cancelled: "Not asked any more",
};

const COLUMNS: readonly Column<CampaignMember>[] = [
  {
    head: "Connection",
    cell: ({ connection }) => (
      <Link to="/connections/$id" params={{ id: connection }}>
        {connection}
      </Link>
    ),
  },
  { head: "Outcome", cell: ({ outcome }) => (outcome === null ? "Waited for" : OUTCOMES[outcome]) },
  { head: "Asked", numeric: true, cell: ({ asked }) => asked },
  { head: "Last asked", cell: ({ last_asked_at }) => <Time at={last_asked_at} /> },
  { head: "Asked next", cell: ({ next_at }) => <Time at={next_at} none="no more" /> },
];
