import { clientSchema } from "../../api/client-view.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import { askFirst } from "../terminal/ask-first.ts";
import type { Output } from "../terminal/output.ts";
import { printable } from "../terminal/printable.ts";
import { readSecret } from "../terminal/read-secret.ts";
import { NOTHING, showAnswer } from "./show-client.ts";

/** As the options say it; what is not named is not said. */
export interface ClientWish {
  scope: string[];
  returnUrl: string[];
  dpop?: boolean;
  prove?: boolean;
  offlineAccess?: boolean;
  testing?: boolean;
  requiredScope: string[];
  /** False: none any more. */
  requiredScopes: boolean;
  /** Days; 0: never. */
  probeEvery?: number;
}

export interface NewClientWish extends ClientWish {
  provider: string;
  clientId: string;
  public: boolean;
  /** The algorithm of the key that is made for it. */
  signs?: string;
  parameter: [string, string][];
  secretExpires?: string;
}

export async function addClient(service: ServiceClient, output: Output, wish: NewClientWish): Promise<void> {
  const { provider, clientId, parameter, secretExpires } = wish;
  const parameters = parameter.length > 0 && { provider_parameters: Object.fromEntries(parameter) };
  const body = {
    provider,
    client_id: clientId,
    ...(await proofOf(wish)),
    ...(secretExpires !== undefined && { secret_expires_at: secretExpires }),
    ...(wish.scope.length > 0 && { scopes: wish.scope }),
    ...(wish.dpop !== undefined && { dpop: wish.dpop }),
    settings: { ...settingsOf(wish), ...parameters },
  };
  const made = await service.ask({ method: "POST", path: "/v1/clients", body }, clientSchema);
  showAnswer(output, made);
  output.remark(printable(`Register exactly this redirect URI at the provider: ${made.redirect_uri}`));
  if (made.jwks_uri !== null) output.remark(printable(`And this address of its keys: ${made.jwks_uri}`));
}

async function proofOf({ clientId, public: isPublic, signs }: NewClientWish) {
  if (signs !== undefined) return { signing_key: { algorithm: signs } };
  return isPublic ? {} : { client_secret: await readSecret(`Secret of ${printable(clientId)}: `) };
}

export async function editClient(
  service: ServiceClient,
  output: Output,
  { id, ...wish }: ClientWish & { id: string },
): Promise<void> {
  const settings = settingsOf(wish);
  const body = {
    ...(wish.scope.length > 0 && { scopes: wish.scope }),
    ...(wish.dpop !== undefined && { dpop: wish.dpop }),
    ...(Object.keys(settings).length > 0 && { settings }),
  };
  showAnswer(output, await service.ask({ method: "PATCH", path: path`/v1/clients/${id}`, body }, clientSchema));
}

export async function deleteClient(
  service: ServiceClient,
  output: Output,
  { id, yes }: { id: string; yes: boolean },
): Promise<void> {
  if (!yes) await askFirst("delete", () => printable(`Delete ${id} and erase its secrets for good?`));
  await service.ask({ method: "DELETE", path: path`/v1/clients/${id}` }, NOTHING);
  output.result({ id, deleted: true }, () => printable(`Deleted ${id}. Its secrets are erased.`));
}

function settingsOf({ returnUrl, prove, offlineAccess, testing, ...wish }: ClientWish) {
  const { requiredScope, requiredScopes, probeEvery } = wish;
  return {
    ...((requiredScope.length > 0 || !requiredScopes) && { required_scopes: requiredScope }),
    ...(probeEvery !== undefined && { probe_every_days: probeEvery }),
    ...(returnUrl.length > 0 && { return_urls: returnUrl }),
    ...(prove !== undefined && { prove }),
    ...(offlineAccess !== undefined && { offline_access: offlineAccess }),
    ...(testing !== undefined && { testing }),
  };
}
