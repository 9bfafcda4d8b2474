import type { NewClient, Provider } from "../api/client-shapes.ts";
import { authenticationNamed, endIn, readProof } from "../clients/proof.ts";
import { textOf, wordsOf } from "../design/read-fields.ts";
import { parametersIn } from "./parameters-in.ts";

/** What stands in the fields of `ClientFields`. */
export function newClientIn(fields: FormData, provider: Provider): NewClient {
  const authentication = authenticationNamed(textOf(fields, "authentication")) ?? provider.authentication;
  const end = endIn(fields, "expires_at");
  return {
    provider: provider.id,
    client_id: textOf(fields, "client_id"),
    authentication,
    ...readProof(fields, authentication),
    ...(end !== undefined && { secret_expires_at: end }),
    dpop: fields.has("dpop"),
    scopes: wordsOf(fields, "scopes"),
    settings: {
      offline_access: fields.has("offline_access"),
      prove: fields.has("prove"),
      testing: fields.has("testing"),
      provider_parameters: parametersIn(fields, provider),
    },
  };
}
