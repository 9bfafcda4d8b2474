import { calculateJwkThumbprint, CompactEncrypt, importJWK } from "jose";
import type { Client } from "../client/client.ts";
import type { Snapshot } from "../connection/store.ts";
import { openAccessToken, openRefreshToken } from "../connection/token-record.ts";
import type { Sealer } from "../runtime/sealer.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { Export, RecipientKey } from "../connect/export.ts";
import { isHeldForExport } from "../connect/hold-for-export.ts";
import type { ConnectPorts } from "../connect/ports.ts";
import { toTimeOrNull } from "./wire.ts";

/** A line of what is sealed: a row of the format that an import reads (docs/moving.md). */
interface ExportedRow {
  id: string;
  client: string;
  oauth_client_id: string;
  provider: string;
  account_id?: string;
  account_label?: string;
  end_user?: string;
  labels: Record<string, string>;
  access_token: string | null;
  refresh_token: string;
  expires_at: string | null;
  refresh_expires_at: string | null;
  scope: string;
}

export interface SealedExport {
  document: string;
  connections: number;
  left_out: string[];
}

/** The document of an export whose connections are held for it. Its rows are open in memory until they are sealed. */
export async function exportDocument(
  { connections, clients, sealer }: Pick<ConnectPorts, "connections" | "clients" | "sealer">,
  { id, connectionIds, recipient }: Export,
): Promise<SealedExport> {
  const rows: ExportedRow[] = [];
  for (const connectionId of connectionIds) {
    const held = await connections.snapshot(connectionId);
    const client = held && (await clients.find(held.connection.clientId));
    const row = held && client && isHeldForExport(held, id) ? await exportedRow(sealer, held, client) : null;
    if (row) rows.push(row);
  }
  const taken = new Set(rows.map((row) => row.id));
  const leftOut = connectionIds.filter((each) => !taken.has(each));
  return { document: await sealRows(rows, recipient, id), connections: rows.length, left_out: leftOut };
}

async function exportedRow(
  sealer: Sealer,
  { connection, tokens }: Snapshot,
  client: Client,
): Promise<ExportedRow | null> {
  const owner = { tenantId: connection.tenantId, connectionId: connection.id };
  const refreshToken = await openRefreshToken(sealer, owner, tokens);
  if (!refreshToken) return null;
  const accessToken = await openAccessToken(sealer, owner, tokens);
  const { account, endUser } = connection;
  return {
    id: connection.id,
    client: client.id,
    oauth_client_id: client.clientId,
    provider: connection.providerId,
    ...(account && { account_id: account.id, ...(account.label !== null && { account_label: account.label }) }),
    ...(endUser !== null && { end_user: endUser }),
    labels: connection.labels,
    access_token: accessToken?.reveal() ?? null,
    refresh_token: refreshToken.reveal(),
    expires_at: toTimeOrNull(tokens.expiresAt),
    refresh_expires_at: toTimeOrNull(tokens.refreshExpiresAt),
    scope: connection.grantedScopes.join(" "),
  };
}

/** Rows as lines of JSON, in a JWE (RFC 7516) that the recipient's key alone opens: ECDH-ES (RFC 7518 §4.6, RFC 8037) and A256GCM. */
async function sealRows(rows: readonly ExportedRow[], recipient: RecipientKey, exportId: string): Promise<string> {
  const plain = new TextEncoder().encode(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return new CompactEncrypt(plain)
    .setProtectedHeader({
      alg: "ECDH-ES",
      enc: "A256GCM",
      kid: await fingerprintOf(recipient),
      typ: "evergrant-export+jwe",
      cty: "application/x-ndjson",
      export: exportId,
    })
    .encrypt(await importJWK({ ...recipient }, "ECDH-ES"));
}

/** Its thumbprint (RFC 7638). Throws `invalid_request` for a key that nothing can be sealed for. */
export async function fingerprintOf(recipient: RecipientKey): Promise<string> {
  const sample = new CompactEncrypt(new Uint8Array(1)).setProtectedHeader({ alg: "ECDH-ES", enc: "A256GCM" });
  try {
    // A key of small order is no key: sealing refuses it, and nothing before that does.
    await sample.encrypt(await importJWK({ ...recipient }, "ECDH-ES"));
    return await calculateJwkThumbprint({ ...recipient });
  } catch {
    throw new ServiceError("invalid_request", "recipient_key: is not a public key for X25519 that can be sealed for.");
  }
}
