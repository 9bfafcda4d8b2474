import type { IncomingMessage, ServerResponse } from "node:http";
import type OidcProvider from "oidc-provider";
import { answerHtml } from "./answer.ts";
import { renderConsentPage, renderErrorPage, renderLoginPage } from "./interaction-html.ts";
import { errors } from "./oidc-provider-library.ts";
import { readBody } from "./request-body.ts";
import type { Observe } from "./sandbox-event.ts";
import { scopes } from "./scopes.ts";
import type { UserTable } from "./user-table.ts";

interface Deps {
  provider: OidcProvider;
  users: UserTable;
  observe: Observe;
}

type Interaction = Awaited<ReturnType<OidcProvider["interactionDetails"]>>;
type InteractionResult = Parameters<OidcProvider["interactionResult"]>[2];

const formLimit = 4096;

/** Serves the login and the consent page: GET shows it, POST answers it and goes on with the authorization. */
export function createInteractionPages({ provider, users, observe }: Deps) {
  return async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const interaction = await findInteraction(req, res);
    if (interaction === null) return refuse(res, "This sign-in has expired. Start again from the application.");
    if (req.method !== "POST") return answerHtml(res, 200, render(interaction));

    const body = await readBody(req, formLimit);
    const result = body && (await decide(interaction, new URLSearchParams(body.toString())));
    if (result === null) return refuse(res, "The form was not filled in as this page expects.");
    const location = await provider.interactionResult(req, res, result, { mergeWithLastSubmission: true });
    res.writeHead(303, { location, "cache-control": "no-store" }).end();
  };

  async function findInteraction(req: IncomingMessage, res: ServerResponse): Promise<Interaction | null> {
    try {
      return await provider.interactionDetails(req, res);
    } catch (error) {
      if (error instanceof errors.SessionNotFound) return null;
      throw error;
    }
  }

  function render({ prompt, params, session }: Interaction): string {
    const clientId = String(params.client_id);
    if (prompt.name === "login") {
      const hint = typeof params.login_hint === "string" ? params.login_hint : undefined;
      return renderLoginPage({ clientId, users: users.all(), hint });
    }
    return renderConsentPage({ clientId, user: session?.accountId ?? "", scopes: requestedScopes(params) });
  }

  async function decide(interaction: Interaction, form: URLSearchParams): Promise<InteractionResult | null> {
    if (interaction.prompt.name === "login") return signIn(form.get("user"));
    const user = interaction.session?.accountId;
    return user === undefined ? null : consent(interaction.params, user, form.get("decision"));
  }

  function signIn(user: string | null): InteractionResult | null {
    if (user === null || !users.has(user)) return null;
    observe({ kind: "signed_in", user });
    return { login: { accountId: user } };
  }

  async function consent(
    params: Interaction["params"],
    user: string,
    decision: string | null,
  ): Promise<InteractionResult | null> {
    switch (decision) {
      case "deny":
        observe({ kind: "consent", user, decision });
        return { error: "access_denied", error_description: "the user said no" };
      case "allow": {
        observe({ kind: "consent", user, decision });
        const grant = new provider.Grant({ accountId: user, clientId: String(params.client_id) });
        grant.addOIDCScope(requestedScopes(params));
        return { consent: { grantId: await grant.save() } };
      }
      case null:
      default:
        return null;
    }
  }
}

/** Those the sandbox knows; it ignores the others (RFC 6749 §3.3). */
function requestedScopes(params: Interaction["params"]): string[] {
  const asked = typeof params.scope === "string" ? params.scope.split(" ") : [];
  return asked.filter((scope) => scopes.has(scope));
}

function refuse(res: ServerResponse, why: string): void {
  answerHtml(res, 400, renderErrorPage("invalid_request", why));
}
