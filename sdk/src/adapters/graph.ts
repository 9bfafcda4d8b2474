import { isAboutToken } from "../about-token.ts";
import type { Connection } from "../connection.ts";
import { EvergrantError } from "../evergrant-error.ts";
import { isReadOnce } from "../read-once.ts";
import { ReplayImpossibleError } from "../replay-impossible-error.ts";
import { bearerToken } from "./bearer-token.ts";

/** The part of the Graph client's context of a request that we touch. */
export interface GraphContext {
  readonly request: string | Request | URL;
  options?: Pick<RequestInit, "headers" | "body">;
  response?: Response;
}

/** A `Middleware` of the Graph client. */
export interface GraphMiddleware {
  execute(context: GraphContext): Promise<void>;
  setNext?(next: GraphMiddleware): void;
}

/** The `authProvider` of a Graph client: each request gets a token of the connection that works. */
export function graphAuthenticationProvider(connection: Connection): { getAccessToken: () => Promise<string> } {
  return { getAccessToken: async () => bearerToken(await connection.currentAccessToken()) };
}

/**
 * Goes before all middlewares of a Graph client, which authenticate with `graphAuthenticationProvider`: reports a refused token and sends
 * once more. The client rejects with an error of its own whatever happens, so where there is no token it gets an answer as Graph would give it,
 * with our code and the link.
 */
export function graphMiddleware(connection: Connection): GraphMiddleware {
  let next: GraphMiddleware | undefined;

  async function send(context: GraphContext): Promise<void> {
    await next?.execute(context);
    const { response } = context;
    const sent = authorizationOf(context);
    if (response?.status !== 401 || sent === null || !isAboutToken(response.url, urlOf(context))) return;
    await response.body?.cancel().catch(() => undefined);
    const { connectionId } = await replaceToken(connection, sent, response);
    if (isReadOnce(context.options?.body)) throw new ReplayImpossibleError(connectionId);
    withoutAuthorization(context);
    await next?.execute(context);
  }

  return {
    setNext: (middleware) => void (next = middleware),
    async execute(context) {
      try {
        await send(context);
      } catch (error) {
        if (!(error instanceof EvergrantError)) throw error;
        context.response = answerOf(error);
      }
    },
  };
}

/** The provider knows no generation: a token that is not the connection's any more was replaced meanwhile. */
async function replaceToken(connection: Connection, sent: string, { status, headers }: Response) {
  const current = await connection.currentAccessToken();
  if (sent !== `Bearer ${current.accessToken}`) return current;
  const wwwAuthenticate = headers.get("www-authenticate") ?? undefined;
  return connection.rejected({ generation: current.generation, status, wwwAuthenticate });
}

function urlOf({ request }: GraphContext): string {
  return request instanceof Request ? request.url : String(request);
}

function authorizationOf({ request, options }: GraphContext): string | null {
  return (request instanceof Request ? request.headers : new Headers(options?.headers)).get("authorization");
}

/** The authentication appends its header, so the one before has to go. */
function withoutAuthorization(context: GraphContext): void {
  if (context.request instanceof Request) return context.request.headers.delete("authorization");
  const headers = new Headers(context.options?.headers);
  headers.delete("authorization");
  context.options = { ...context.options, headers: Object.fromEntries(headers) };
}

/** The shape of Graph's errors, with the members that a problem of the service has. */
function answerOf({ code, message, status, reason, whoActs, reauthorizationUrl, docs }: EvergrantError): Response {
  const error = { code, message, cause: reason, who_acts: whoActs, reauthorization_url: reauthorizationUrl, docs };
  return Response.json({ error }, { status: status ?? 503 });
}
