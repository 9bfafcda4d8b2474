import { isBound } from "../oauth/dpop-proof.ts";
import type { Transport, TransportResult } from "../oauth/http.ts";
import { userinfoRequest, type PresentedToken } from "../oauth/userinfo.ts";
import { SECOND } from "../runtime/clock.ts";
import type { DpopProver } from "./dpop-prover.ts";

const DEADLINE = 10 * SECOND;

/** Asks who a token is of, with a proof where it is bound to a key; once more where the server wants a nonce in that (RFC 9449 §9). */
export async function askUserinfo(
  { transport, prover }: { transport: Transport; prover: DpopProver },
  url: string,
  token: PresentedToken,
): Promise<TransportResult> {
  const request = userinfoRequest(url, token);
  const isProven = isBound(token.tokenType);
  const send = async () => {
    const proven = isProven ? await prover.prove(request, token.accessToken) : request;
    const result = await transport.send(proven, { deadlineMs: DEADLINE });
    return { result, wantsNonce: isProven && prover.learn(request, result) };
  };
  const first = await send();
  return first.wantsNonce ? (await send()).result : first.result;
}
