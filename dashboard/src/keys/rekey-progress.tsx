import { useQuery } from "@tanstack/react-query";
import { rekeyQuery, type Rekey } from "../api/keys.ts";
import { counted } from "../design/counted.ts";
import { Failure } from "../design/failure.tsx";
import { Progress } from "../design/progress.tsx";
import { Time } from "../design/time.tsx";

/** How far everything is sealed with the newest version, asked every second while that goes on. */
export function RekeyProgress({ tenant, rekey: known }: { tenant: string; rekey: Rekey }) {
  const isKnownToBeOver = known.finished_at !== null;
  const asked = useQuery({ ...rekeyQuery(tenant), enabled: !isKnownToBeOver });
  const rekey = isKnownToBeOver ? known : (asked.data ?? known);
  const { version, values_done: done, values_total: total, finished_at: finishedAt } = rekey;
  if (finishedAt !== null) {
    return (
      <p>
        Everything is sealed with version {version}. Finished: <Time at={finishedAt} />.
      </p>
    );
  }
  const figures = `${done.toLocaleString("en")} of ${counted(total, "value is", "values are")} sealed with version ${version}.`;
  return (
    <>
      <Progress label="Sealing anew" done={done} of={total} words={`${figures} ${outlook(rekey)}`} />
      {asked.isError && <Failure error={asked.error} retry={() => void asked.refetch()} />}
    </>
  );
}

function outlook({ values_per_second: speed, seconds_left: left }: Rekey): string {
  if (speed === null || left === null) return "Its speed is not known yet.";
  const minutes = Math.ceil(left / 60);
  const time = left < 90 ? counted(left, "second", "seconds") : counted(minutes, "minute", "minutes");
  return `${counted(speed, "value", "values")} a second; ${time} left.`;
}
