import { useMutation } from "@tanstack/react-query";
import { acknowledge } from "../api/incidents.ts";
import { Button } from "../design/button.tsx";
import { Failure } from "../design/failure.tsx";

/** Tells the others that somebody looks after it; it goes on being counted. */
export function Acknowledge({ id }: { id: string }) {
  const act = useMutation({ mutationFn: () => acknowledge(id) });
  return (
    <>
      {act.isError && <Failure error={act.error} />}
      <Button quiet busy={act.isPending} onClick={() => act.mutate()}>
        I look after it
      </Button>
    </>
  );
}
