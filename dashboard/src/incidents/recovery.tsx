import type { Incident } from "../api/open-incidents.ts";
import { counted } from "../design/counted.ts";
import { Progress } from "../design/progress.tsx";

/** How many of its connections are well again. */
export function Recovery({ incident: { affected, recovered } }: { incident: Incident }) {
  const words =
    recovered === 0
      ? `${counted(affected, "connection is", "connections are")} affected`
      : `${recovered.toLocaleString("en")} of ${counted(affected, "connection is", "connections are")} well again or disconnected`;
  return <Progress label="Recovered connections" done={recovered} of={affected} words={words} />;
}
