import { createSignInIssuer } from "../access/sign-in-issuer.ts";
import { createOperatorSignIn, type OperatorSignIn, type SignInPorts } from "../access/sign-in.ts";
import type { Database } from "../store/database.ts";
import { createOperatorSignInStore } from "../store/operator-sign-ins.ts";
import { readOperatorClientSecret } from "./operator-client-secret.ts";
import type { OperatorSignInSettings } from "./operator-sign-in-settings.ts";
import { startErrorOf } from "./start-error.ts";

export interface SignInParts extends Omit<SignInPorts, "issuer" | "client" | "redirectUri" | "signIns"> {
  database: Database;
  publicUrl: string;
}

/**
 * The sign-in of operators at the issuer that the settings name. Nothing is asked there before somebody signs in. Throws
 * `StartError` where the client's secret cannot be read.
 */
export async function openSignIn(parts: SignInParts, settings: OperatorSignInSettings): Promise<OperatorSignIn> {
  const { issuer, clientId, clientSecret, allowed } = settings;
  const { transport, clock, database, publicUrl } = parts;
  await readOperatorClientSecret(clientSecret).catch(startErrorOf("settings"));
  return createOperatorSignIn({
    ...parts,
    issuer: createSignInIssuer(transport, clock, issuer),
    client: { issuer, clientId, clientSecret: () => readOperatorClientSecret(clientSecret), allowed },
    redirectUri: `${publicUrl}/operator/callback`,
    signIns: createOperatorSignInStore(database),
  });
}
