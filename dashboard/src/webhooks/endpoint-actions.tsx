import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { changeEndpoint, removeEndpoint, type Endpoint } from "../api/webhooks.ts";
import { Button } from "../design/button.tsx";
import { Confirm } from "../design/confirm.tsx";
import { Failure } from "../design/failure.tsx";
import { ChangeEndpoint } from "./change-endpoint.tsx";

export function EndpointActions({ endpoint }: { endpoint: Endpoint }) {
  const { id, url, status } = endpoint;
  const navigate = useNavigate();
  const enabling = useMutation({ mutationFn: () => changeEndpoint(id, { status: "enabled" }) });
  const remove = async (): Promise<void> => {
    await removeEndpoint(id);
    await navigate({ to: "/webhooks" });
  };
  return (
    <>
      {enabling.isError && <Failure error={enabling.error} />}
      {status === "disabled" ? (
        <Button busy={enabling.isPending} onClick={() => enabling.mutate()}>
          Enable
        </Button>
      ) : (
        <Confirm
          action="Disable"
          title="Send nothing to this endpoint?"
          consequence="What is on its way waits until the endpoint is enabled again. What happens meanwhile is not sent by itself then, but can be replayed for 30 days."
          run={() => changeEndpoint(id, { status: "disabled" })}
        />
      )}
      <ChangeEndpoint endpoint={endpoint} />
      <Confirm
        action="Delete"
        title="Delete this webhook endpoint?"
        consequence={`${url} hears of nothing any more, and what is on its way to it is not sent. Its secrets are erased. This cannot be taken back.`}
        run={remove}
      />
    </>
  );
}
