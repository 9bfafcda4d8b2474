import { useMutation } from "@tanstack/react-query";
import { replay, type Delivery } from "../api/deliveries.ts";
import { Button } from "../design/button.tsx";
import { Failure } from "../design/failure.tsx";

/** Receivers know a message by its id, so one that comes twice does no harm. */
export function ReplayOne({ endpoint, delivery: { id, type } }: { endpoint: string; delivery: Delivery }) {
  const replaying = useMutation({ mutationFn: () => replay(endpoint, id) });
  return (
    <>
      <Button quiet busy={replaying.isPending} aria-label={`Send again: ${type}`} onClick={() => replaying.mutate()}>
        Send again
      </Button>
      {replaying.isError && <Failure error={replaying.error} />}
    </>
  );
}
