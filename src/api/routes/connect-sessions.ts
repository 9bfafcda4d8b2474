import { z } from "zod";
import type { SessionLimit } from "../../access/session-limit.ts";
import { completeConnectSession, findSession } from "../../connect/complete.ts";
import type { ConnectSession, ConnectSessionStore } from "../../connect/connect-session.ts";
import type { ConnectPorts } from "../../connect/ports.ts";
import { startConnectSession } from "../../connect/start.ts";
import { ERROR_CODES } from "../../runtime/service-error.ts";
import { actOf, type Acting } from "../acts.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import type { App } from "../server.ts";
import { accountRule } from "../account-rule.ts";
import { failures, idParams, name, scopes, secured, time, toTime } from "../wire.ts";

const createBody = z
  .strictObject({
    client: z.string().max(100).optional(),
    connection: z.string().max(100).optional().describe("Reauthorize this connection instead of making a new one"),
    scopes: scopes.optional(),
    required_scopes: scopes
      .optional()
      .describe("Asked for too; the connection is degraded without one of them, beside those that its client requires"),
    account: accountRule.optional(),
    end_user: name.optional().describe("The application's own name for its user"),
    return_url: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .optional(),
    completion: z
      .enum(["confirm", "automatic"])
      .optional()
      .describe(
        "`confirm`, the default with a return_url and not possible without: the code is exchanged when the application calls …/complete",
      ),
  })
  .refine((body) => body.client !== undefined || body.connection !== undefined, {
    message: "name a client, or a connection to reauthorize",
  });

const completeBody = z.strictObject({
  end_user: name
    .optional()
    .describe("Who is signed in at the application now; refused if that is not whom the session is for"),
  confirmation: z
    .string()
    .max(200)
    .optional()
    .describe("The parameter of this name in the return_url. Needed where the completion is `confirm`"),
});

export const startedView = z
  .object({ id: z.string(), connect_url: z.string(), expires_at: time })
  .meta({ id: "StartedConnectSession" });

export const sessionView = z
  .object({
    id: z.string(),
    status: z.enum(["created", "started", "authorized", "exchanging", "switching", "completed", "failed", "expired"]),
    client: z.string(),
    connection_id: z.string().nullable(),
    end_user: z.string().nullable(),
    problem: z
      .object({ code: z.enum(ERROR_CODES), detail: z.string(), missing: z.array(z.string()).optional() })
      .nullable()
      .describe(
        "Why it failed; what its user is asked about, while it is `switching`; or, when completed, what is wrong with the connection from the start",
      ),
    created_at: time,
    expires_at: time,
  })
  .meta({ id: "ConnectSession" });

export function connectSessionRoutes(
  app: App,
  portsFor: ForCaller<ConnectPorts & { acting: Acting }>,
  limit: SessionLimit,
): void {
  app.post(
    "/v1/connect-sessions",
    {
      config: { scope: "connections:write" },
      schema: {
        summary: "Begin to connect or reauthorize an account",
        security: secured,
        body: createBody,
        response: { 201: startedView, ...failures },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const caller = callerOf(request);
      limit.take(caller);
      const ports = portsFor(caller);
      const { acting, sessions } = ports;
      const create: ConnectSessionStore["create"] = (session) => {
        const detail = { client: session.clientId, connection: session.connectionId };
        return acting(actOf(request, "connect_session.started", session.id, detail)).connectSessions.create(session);
      };
      const started = await startConnectSession(
        { ...ports, sessions: { ...sessions, create } },
        {
          tenantId: caller.tenantId,
          clientId: body.client ?? null,
          connectionId: body.connection ?? null,
          scopes: body.scopes ?? [],
          requiredScopes: body.required_scopes ?? [],
          endUser: body.end_user ?? null,
          returnUrl: body.return_url ?? null,
          completion: body.completion ?? null,
          account: body.account ?? "same",
          retryOf: null,
        },
      );
      const { id, connectUrl, expiresAt } = started;
      return reply.status(201).send({ id, connect_url: connectUrl, expires_at: toTime(expiresAt) });
    },
  );

  app.get(
    "/v1/connect-sessions/:id",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "Where a connect session stands",
        security: secured,
        params: idParams,
        response: { 200: sessionView, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const ports = portsFor(caller);
      const asked = { tenantId: caller.tenantId, sessionId: request.params.id };
      return viewOf(ports, await findSession(ports, asked));
    },
  );

  app.post(
    "/v1/connect-sessions/:id/complete",
    {
      config: { scope: "connections:write" },
      schema: {
        summary: "Confirm which user came back, and make the connection",
        security: secured,
        params: idParams,
        body: completeBody.optional(),
        response: { 200: sessionView, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const ports = portsFor(caller);
      const act = actOf(request, "connect_session.completed", request.params.id);
      const completed = await completeConnectSession(
        { ...ports, sessions: ports.acting(act).connectSessions },
        {
          tenantId: caller.tenantId,
          sessionId: request.params.id,
          endUser: request.body?.end_user ?? null,
          confirmation: request.body?.confirmation ?? null,
        },
      );
      return viewOf(ports, completed);
    },
  );
}

function viewOf({ clock }: ConnectPorts, session: ConnectSession): z.infer<typeof sessionView> {
  const over = session.status === "completed" || session.status === "failed";
  const { problem } = session;
  return {
    id: session.id,
    status: !over && session.expiresAt <= clock.now() ? "expired" : session.status,
    client: session.clientId,
    connection_id: session.connectionId,
    end_user: session.endUser,
    problem: problem && { code: problem.code, detail: problem.detail, missing: problem.missing },
    created_at: toTime(session.createdAt),
    expires_at: toTime(session.expiresAt),
  };
}
