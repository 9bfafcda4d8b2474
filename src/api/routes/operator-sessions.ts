import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { SCOPES } from "../../access/api-key.ts";
import {
  SESSION_IDLE,
  type OperatorCaller,
  type OperatorSession,
  type OperatorSessions,
  type OperatorSessionStore,
} from "../../access/operator-session.ts";
import { ROLES } from "../../access/operator.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { actOf, type Acting } from "../acts.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import type { OperatorCookie } from "../operator-cookie.ts";
import type { App } from "../server.ts";
import { failures, idParams, secured, time, toTime } from "../wire.ts";

export const operatorSessionSchema = z
  .object({
    id: z.string(),
    api_key: z
      .string()
      .nullable()
      .describe("The key that it was opened with, and whose scopes it has as long as that lives; null for a person"),
    operator: z
      .object({
        issuer: z.string(),
        subject: z.string().describe("`sub`, by which the issuer knows the person"),
        email: z.string().nullable().describe("Null where none is verified"),
        role: z.enum(ROLES).nullable().describe("Null when the settings let the person in no more, and it is over"),
      })
      .nullable()
      .describe("The person who signed in; null where it was opened with a key"),
    created_at: time,
    last_used_at: time.describe("To the minute"),
    expires_at: time.describe("It ends before when it is not used for an hour"),
    from: z.string().nullable(),
    current: z.boolean().describe("It is the one that this request came with"),
  })
  .meta({ id: "OperatorSession" });

const openedSchema = z
  .object({
    id: z.string(),
    csrf_token: z.string().describe("To be sent as `x-csrf-token` with what changes something"),
  })
  .meta({ id: "OpenedOperatorSession" });

export const currentSessionSchema = openedSchema
  .extend({
    tenant: z.string(),
    operator: z.object({ email: z.string().nullable(), subject: z.string() }).nullable(),
    role: z.enum(ROLES).describe("What the session may do; with an API key, what its scopes come to"),
    scopes: z.array(z.enum(SCOPES)),
  })
  .meta({ id: "CurrentOperatorSession" });

const listSchema = z.object({
  operator_sessions: z.array(operatorSessionSchema),
  csrf_token: z.string().nullable().describe("Of the session that this request came with; null with an API key"),
});

export interface OperatorSessionRouteDeps {
  operators: OperatorSessions;
  operatorSessions: OperatorSessionStore;
  operatorCookie: OperatorCookie;
  acting: Acting;
}

export function operatorSessionRoutes(app: App, depsFor: ForCaller<OperatorSessionRouteDeps>): void {
  openRoute(app, depsFor);
  currentRoutes(app, depsFor);
  listRoute(app, depsFor);
  endRoute(app, depsFor);
}

function openRoute(app: App, depsFor: ForCaller<OperatorSessionRouteDeps>): void {
  app.post(
    "/v1/operator-sessions",
    {
      config: { scope: "admin" },
      schema: {
        summary: "Sign a browser in as an operator",
        description:
          "Takes an API key, and answers with a cookie that does what the key may: for twelve hours, or until it was not used for one. A session opens no other.",
        security: secured,
        response: { 201: openedSchema, ...failures },
      },
    },
    async (request, reply) => {
      if (request.actor?.kind !== "api_key") {
        throw new ServiceError("forbidden", "A session is opened with an API key, not with another session.");
      }
      const caller = callerOf(request);
      const { operators, operatorCookie, acting } = depsFor(caller);
      const through = (id: string) => acting(actOf(request, "operator_session.opened", id)).operatorSessions;
      const owner = { tenantId: caller.tenantId, keyId: caller.keyId, operator: null };
      const { id, cookie } = await operators.open(owner, request.from, through);
      void reply.headers({ "cache-control": "no-store", "set-cookie": operatorCookie.set(cookie.reveal()) });
      return reply.status(201).send({ id, csrf_token: operators.csrfToken(id) });
    },
  );
}

/** Whoever is signed in may know as whom, and sign out. */
function currentRoutes(app: App, depsFor: ForCaller<OperatorSessionRouteDeps>): void {
  app.get(
    "/v1/operator-sessions/current",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "The session that this request comes with",
        security: secured,
        response: { 200: currentSessionSchema, ...failures },
      },
    },
    async (request, reply) => {
      const caller = sessionOf(request);
      const { operators } = depsFor(caller);
      const { keyId: id, tenantId: tenant, operator } = caller;
      void reply.header("cache-control", "no-store");
      return {
        id,
        csrf_token: operators.csrfToken(id),
        tenant,
        operator: operator && { email: operator.email, subject: operator.subject },
        role: operator?.role ?? "admin",
        scopes: [...caller.scopes],
      };
    },
  );

  app.delete(
    "/v1/operator-sessions/current",
    {
      config: { scope: "connections:read" },
      schema: { summary: "Sign out", security: secured, response: { 204: z.null(), ...failures } },
    },
    async (request, reply) => {
      const caller = sessionOf(request);
      const { operatorCookie, acting } = depsFor(caller);
      const { operatorSessions } = acting(actOf(request, "operator_session.ended", caller.keyId));
      await operatorSessions.end(caller.tenantId, caller.keyId);
      void reply.header("set-cookie", operatorCookie.clear());
      return reply.status(204).send(null);
    },
  );
}

function sessionOf({ operator }: FastifyRequest): OperatorCaller {
  if (operator) return operator;
  throw new ServiceError("not_found", "This request comes with an API key, and with no session.");
}

function listRoute(app: App, depsFor: ForCaller<OperatorSessionRouteDeps>): void {
  app.get(
    "/v1/operator-sessions",
    {
      config: { scope: "admin" },
      schema: {
        summary: "Browsers that are signed in",
        security: secured,
        response: { 200: listSchema, ...failures },
      },
    },
    async (request, reply) => {
      const own = ownId(request);
      const caller = callerOf(request);
      const { operators, operatorSessions } = depsFor(caller);
      const found = await operatorSessions.list(caller.tenantId, SESSION_IDLE);
      void reply.header("cache-control", "no-store");
      return {
        operator_sessions: found.map((session) => viewOf(operators, session, own)),
        csrf_token: own === null ? null : operators.csrfToken(own),
      };
    },
  );
}

function endRoute(app: App, depsFor: ForCaller<OperatorSessionRouteDeps>): void {
  app.delete(
    "/v1/operator-sessions/:id",
    {
      config: { scope: "admin" },
      schema: {
        summary: "Sign a browser out",
        security: secured,
        params: idParams,
        response: { 204: z.null(), ...failures },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const caller = callerOf(request);
      const { operatorCookie, acting } = depsFor(caller);
      const { operatorSessions } = acting(actOf(request, "operator_session.ended", id));
      if (!(await operatorSessions.end(caller.tenantId, id))) {
        throw new ServiceError("not_found", "There is no such session, or it is ended already.");
      }
      if (id === ownId(request)) void reply.header("set-cookie", operatorCookie.clear());
      return reply.status(204).send(null);
    },
  );
}

function ownId({ operator }: FastifyRequest): string | null {
  return operator?.keyId ?? null;
}

function viewOf(
  operators: Pick<OperatorSessions, "roleOf">,
  session: OperatorSession,
  own: string | null,
): z.infer<typeof operatorSessionSchema> {
  const { operator } = session;
  return {
    id: session.id,
    api_key: session.keyId,
    operator: operator && {
      issuer: operator.issuer,
      subject: operator.subject,
      email: operator.email,
      role: operators.roleOf(operator),
    },
    created_at: toTime(session.createdAt),
    last_used_at: toTime(session.lastUsedAt),
    expires_at: toTime(session.expiresAt),
    from: session.from,
    current: session.id === own,
  };
}
