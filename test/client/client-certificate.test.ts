import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { TLSSocket } from "node:tls";
import { selfSigned } from "@evergrant/sandbox";
import { expect, onTestFinished, test, vi } from "vitest";
import { mintKey } from "../../src/access/api-key.ts";
import { systemClock, systemRandom } from "../../src/service/system.ts";
import { startEvergrant } from "../cli/evergrant.ts";
import { createApi, type Api } from "../stage/api.ts";
import { freePort } from "../stage/free-port.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";

vi.setConfig({ testTimeout: 60_000 });

function fingerprint(pem: string): string {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ""), "base64");
  return createHash("sha256").update(der).digest("hex");
}

/** A token endpoint that asks for a certificate, and issues `rt-1`, `rt-2`… to whoever shows the right one (RFC 8705 §2.2). */
async function startEndpoint(identity: { key: string; cert: string }, allowed: Set<string>) {
  const seen: string[] = [];
  const server = createServer({ ...identity, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    const raw = request.socket instanceof TLSSocket ? request.socket.getPeerCertificate().raw : undefined;
    const shown = raw === undefined ? "none" : createHash("sha256").update(raw).digest("hex");
    seen.push(shown);
    request.resume();
    const isAllowed = allowed.has(shown);
    const tokens = { access_token: `at-${seen.length}`, refresh_token: `rt-${seen.length}`, expires_in: 3600 };
    response.writeHead(isAllowed ? 200 : 401, { "content-type": "application/json" });
    response.end(JSON.stringify(isAllowed ? tokens : { error: "invalid_client" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return { url: `https://localhost:${address.port}/token`, seen };
}

async function startService(authority: string): Promise<Api> {
  const file = `${temporaryFolder()}/authority.pem`;
  writeFileSync(file, authority);
  const port = await freePort();
  const adminKey = mintKey("admin", systemClock, systemRandom).text.reveal();
  const running = startEvergrant(["serve"], {
    EVERGRANT_DATA_DIR: temporaryFolder(),
    EVERGRANT_PORT: String(port),
    EVERGRANT_ADMIN_KEY: adminKey,
    EVERGRANT_ALLOWED_PRIVATE_HOSTS: "localhost",
    NODE_EXTRA_CA_CERTS: file,
  });
  await running.printed(/"event":"service.started"/);
  return createApi(`http://127.0.0.1:${port}`, adminKey);
}

test("a client that shows a certificate is refreshed at the URL for such clients, and a new certificate takes over by itself", async () => {
  const identity = selfSigned("localhost");
  const [first, second] = [selfSigned("client"), selfSigned("client")];
  const allowed = new Set([fingerprint(first.cert)]);
  const endpoint = await startEndpoint(identity, allowed);
  const api = await startService(identity.cert);
  await api("PUT", "/v1/providers/elsewhere", {
    name: "Elsewhere",
    authorization_url: "https://localhost:1/authorize",
    token_url: "https://localhost:1/token",
    certificate_token_url: endpoint.url,
  });
  const client = await api("POST", "/v1/clients", {
    provider: "elsewhere",
    client_id: "c",
    authentication: "self_signed_tls_client_auth",
    client_certificate: { certificate: first.cert, private_key: first.key },
  });
  expect(client.body).toMatchObject({ secret_expires_at: "2049-12-31T23:59:59.000Z" });
  const adopted = { client: client.at("id"), token_set: { refresh_token: "rt-0" } };
  const path = `/v1/connections/${(await api("POST", "/v1/connections/import", adopted)).at("id")}`;
  expect((await api("POST", `${path}/refresh`)).body).toMatchObject({ status: "active", generation: 2 });

  const secrets = `/v1/clients/${client.at("id")}/secrets`;
  const given = { certificate: second.cert, private_key: second.key };
  const staged = await api("POST", secrets, { client_certificate: given, promote: "when_proven" });
  expect(staged.body).toMatchObject({ state: "staged", certificate: second.cert, signing_key: null });
  allowed.delete(fingerprint(first.cert));
  allowed.add(fingerprint(second.cert));
  for (const generation of [3, 4, 5]) {
    expect((await api("POST", `${path}/refresh`)).body).toMatchObject({ status: "active", generation });
  }
  expect((await api("GET", secrets)).body).toMatchObject({ secrets: [{ state: "active" }, { state: "retired" }] });
  expect(endpoint.seen).toEqual([first, second, second, second].map(({ cert }) => fingerprint(cert)));
  expect((await api("GET", secrets)).text).not.toContain("PRIVATE");
});
