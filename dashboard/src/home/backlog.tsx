import type { Overview } from "../api/overview.ts";
import { Card } from "../design/card.tsx";
import { counted } from "../design/counted.ts";
import { Facts } from "../design/facts.tsx";

/** Whether the service keeps up with its work. */
export function Backlog({ overview }: { overview: Overview }) {
  const { refresh_backlog: backlog, instances_alive: instances, running_rekeys: rekeys } = overview;
  return (
    <Card title="The service">
      <Facts
        facts={{
          "Refreshes due": backlog.count === 0 ? "none waits" : counted(backlog.count, "waits", "wait"),
          ...(backlog.count > 0 && { "Longest wait": counted(backlog.oldest_overdue_seconds, "second", "seconds") }),
          Instances: counted(instances, "is running", "are running"),
          ...(rekeys.length > 0 && {
            "Encryption keys": counted(rekeys.length, "re-key is under way", "re-keys are under way"),
          }),
        }}
      />
    </Card>
  );
}
