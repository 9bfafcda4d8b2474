import type { ConnectProblem, ConnectSession } from "./connect-session.ts";
import type { ConnectPorts } from "./ports.ts";

/** Ends a session without a connection. */
export async function failSession(
  ports: Pick<ConnectPorts, "sessions" | "observer">,
  session: ConnectSession,
  problem: ConnectProblem,
): Promise<void> {
  await ports.sessions.fail(session.id, problem);
  ports.observer.event("connect.failed", { sessionId: session.id, clientId: session.clientId, code: problem.code });
}
