import { useSearch } from "@tanstack/react-router";
import { useMay } from "../api/use-may.ts";
import { NotAllowed } from "../design/not-allowed.tsx";
import { ChooseProvider } from "./choose-provider.tsx";
import { ConnectAccount } from "./connect-account.tsx";
import { SetUpClient } from "./set-up-client.tsx";

/** From a provider to the first account that is proven to stay connected; each step has an address of its own. */
export function Connect() {
  const { provider, client } = useSearch({ from: "/connect" });
  const maySetUp = useMay("clients:write");
  const mayConnect = useMay("connections:write");
  if (!maySetUp && !mayConnect) {
    return (
      <NotAllowed page="Connect" title="Your role reads only">
        To connect accounts, ask for the role of an operator or an administrator.
      </NotAllowed>
    );
  }
  if (client !== undefined) return <ConnectAccount key={client} clientId={client} />;
  if (provider !== undefined && maySetUp) return <SetUpClient key={provider} providerId={provider} />;
  return <ChooseProvider />;
}
