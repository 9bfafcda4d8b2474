import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { connectionDetailSchema } from "../../api/connection-view.ts";
import { CommandFailure } from "../command-failure.ts";
import { EXIT } from "../exit-codes.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import { relativeTime } from "../terminal/relative-time.ts";
import { isWaiting, sessionSchema, type ConnectSession } from "./connect-session.ts";
import { describeOutcome } from "./describe-outcome.ts";

export interface ConnectDeps {
  service: ServiceClient;
  output: Output;
  interrupted: AbortSignal;
}

export interface ConnectRequest {
  client?: string;
  connection?: string;
  scope?: readonly string[];
  endUser?: string;
}

const started = z.looseObject({ id: z.string(), connect_url: z.string(), expires_at: z.string() });

const POLL_INTERVAL = 1000;

/** From the link to what came of it. Returns the exit code. */
export async function connect(deps: ConnectDeps, request: ConnectRequest): Promise<number> {
  const { service, output } = deps;
  const session = await service.ask({ method: "POST", path: "/v1/connect-sessions", body: bodyOf(request) }, started);
  output.result(session, () => `Open this address in a browser:\n\n  ${session.connect_url}\n`);
  output.remark(`It expires ${relativeTime(session.expires_at)}. Waiting; Ctrl-C ends that.`);
  const outcome = await waitFor(deps, session.id);
  const connection = await connectionOf(service, outcome);
  output.result({ ...outcome, connection }, () => describeOutcome(outcome, connection, output.paint));
  return outcome.status === "completed" && outcome.problem === null ? EXIT.ok : EXIT.failed;
}

function bodyOf({ client, connection, scope, endUser }: ConnectRequest) {
  return { client, connection, scopes: scope, end_user: endUser, completion: "automatic" };
}

/** The service itself ends this: a session that nobody comes back to expires. */
async function waitFor({ service, interrupted }: ConnectDeps, id: string): Promise<ConnectSession> {
  for (;;) {
    const session = await service.ask({ path: path`/v1/connect-sessions/${id}` }, sessionSchema);
    if (!isWaiting(session)) return session;
    await sleep(POLL_INTERVAL, undefined, { signal: interrupted }).catch(() => {
      throw interruption(session);
    });
  }
}

function interruption({ expires_at: expiresAt }: ConnectSession): CommandFailure {
  return new CommandFailure({
    exit: "failed",
    code: "interrupted",
    detail: "Nobody has come back yet.",
    next: `The address stays good (it expires ${relativeTime(expiresAt)}); evergrant connections list shows the connection once it is made.`,
  });
}

async function connectionOf(service: ServiceClient, { connection_id: id, status }: ConnectSession) {
  if (id === null || status !== "completed") return null;
  return service.ask({ path: path`/v1/connections/${id}` }, connectionDetailSchema);
}
