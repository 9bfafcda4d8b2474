import { useMutation } from "@tanstack/react-query";
import { reauthorizationLink } from "../api/connection.ts";
import { Button } from "../design/button.tsx";
import { Copy } from "../design/copy.tsx";
import { Failure } from "../design/failure.tsx";
import { Time } from "../design/time.tsx";

/** Makes a link for its user when it is wanted; with the page it is forgotten. */
export function ReauthorizationLink({ id, quiet = false }: { id: string; quiet?: boolean }) {
  const making = useMutation({ mutationFn: () => reauthorizationLink(id), gcTime: 0 });
  if (making.data) {
    return (
      <div>
        <Copy text={making.data.url} label="the reauthorization link" />
        <p>
          Send it to its user. It ends <Time at={making.data.expires_at} />.
        </p>
      </div>
    );
  }
  return (
    <div>
      {making.isError && <Failure error={making.error} />}
      <Button quiet={quiet} busy={making.isPending} onClick={() => making.mutate()}>
        Make a reauthorization link
      </Button>
    </div>
  );
}
