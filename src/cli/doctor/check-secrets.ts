import { FIRST_WARNING } from "../../client/secret-warnings.ts";
import { createClientSecretStore } from "../../store/client-secrets.ts";
import type { Database } from "../../store/database.ts";
import { warning, type Finding } from "./finding.ts";

/** Secrets of clients whose end was told, and is near or past; nothing where it is not. */
export async function checkSecrets(database: Database): Promise<Finding[]> {
  if (!(await knowsEnds(database))) return [];
  const ending = await createClientSecretStore(database).secretsEndingWithin(FIRST_WARNING);
  return ending.map(({ id, clientId, expiresAt }) =>
    warning(
      "client secret",
      `${id} of ${clientId} ends at ${new Date(expiresAt ?? 0).toISOString()}`,
      `Make another at the provider, and hand it over with evergrant clients secrets rotate ${clientId}.`,
    ),
  );
}

/** The database may be of an earlier version, and is not changed here. */
async function knowsEnds(database: Database): Promise<boolean> {
  const tables = await database.read((queries) => queries.introspection.getTables());
  const secrets = tables.find(({ name }) => name === "client_secrets");
  return secrets?.columns.some(({ name }) => name === "expires_at") ?? false;
}
