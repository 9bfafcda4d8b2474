import { ServiceError } from "../runtime/service-error.ts";
import { expired } from "./begin.ts";
import { requireConfirmation } from "./confirmation.ts";
import type { ConnectSession } from "./connect-session.ts";
import { establish } from "./establish.ts";
import { codeAddress } from "./finish.ts";
import type { ConnectPorts } from "./ports.ts";

/**
 * The application confirms that the user who came back is the one it sent: only now is the code exchanged. A repeated call is
 * answered with what the first one came to.
 */
export async function completeConnectSession(
  ports: ConnectPorts,
  request: { tenantId: string; sessionId: string; endUser: string | null; confirmation: string | null },
): Promise<ConnectSession> {
  const session = await findSession(ports, request);
  if (request.endUser !== null && request.endUser !== session.endUser) {
    throw new ServiceError("conflict", "The session was made for another end_user; nothing was connected.");
  }
  if (session.status === "created" || session.status === "started") {
    throw new ServiceError("conflict", "The user has not come back from the provider yet.");
  }
  requireConfirmation(ports, session, request.confirmation);
  if (session.status === "authorized" && session.sealedCode) {
    if (session.expiresAt <= ports.clock.now()) throw expired();
    await establish(ports, session, "authorized", await ports.sealer.open(codeAddress(session), session.sealedCode));
  }
  return findSession(ports, request);
}

/** Throws `not_found` for another tenant's session too. */
export async function findSession(
  ports: Pick<ConnectPorts, "sessions">,
  { tenantId, sessionId }: { tenantId: string; sessionId: string },
): Promise<ConnectSession> {
  const session = await ports.sessions.find(sessionId);
  if (session?.tenantId !== tenantId) throw new ServiceError("not_found", "There is no such connect session.");
  return session;
}
