import { DefaultAzureCredential, ManagedIdentityCredential, type TokenCredential } from "@azure/identity";
import { selfSigned } from "@evergrant/sandbox";
import { Client, PageIterator, type FetchOptions } from "@microsoft/microsoft-graph-client";
import { TokenCredentialAuthenticationProvider } from "@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js";
import { Agent } from "undici";
import { expect, test } from "vitest";
import { SECOND } from "../../src/runtime/clock.ts";
import { evergrant } from "../cli/evergrant.ts";
import { clientEnvironment } from "../cli/stage-environment.ts";
import { openStage } from "../stage/stage.ts";
import { setEnvironment } from "./environment.ts";
import { startFilesApi } from "./files-api.ts";

const GRAPH = "https://graph.microsoft.com/.default";
/** Less than the five minutes before which MSAL asks for another token, so that it asks each time. */
const LIFE_SECONDS = 30;
const CHILDREN = "/me/drive/root/children";

/**
 * MSAL keeps the endpoint that it has found for as long as its process lives, so one test has to do. An API in the shape of Graph, a connection, and an application to which it is known by two variables alone.
 */
async function setUp(options: readonly string[] = []) {
  const stage = await openStage({ behaviour: { accessTokenLifetimeSeconds: LIFE_SECONDS } });
  const { connectionId } = await stage.connect();
  const args = ["credentials", "azure", connectionId, "--json", ...options];
  const printed: unknown = JSON.parse((await evergrant(args, clientEnvironment(stage))).stdout);
  setEnvironment({
    IDENTITY_ENDPOINT: String(Reflect.get(Object(printed), "identity_endpoint")),
    IDENTITY_HEADER: String(Reflect.get(Object(printed), "identity_header")),
  });
  const identity = selfSigned("localhost");
  const api = await startFilesApi(stage, {
    pageSize: 40,
    pageToken: "$skiptoken",
    say: ({ files, next_page_token: next }, { origin, pathname }) => ({
      value: files,
      ...(next !== undefined && { "@odata.nextLink": `${origin}${pathname}?$skiptoken=${next}` }),
    }),
    identity,
  });
  const isOver = () => stage.clock.leap(LIFE_SECONDS * SECOND);
  return {
    stage,
    connectionId,
    api,
    isOver,
    graphWith: (credential: TokenCredential) => graphAt(api.port, identity.cert, credential),
  };
}

/** Graph's own client, which shows its token to this host too, by TLS alone. */
function graphAt(port: number, ca: string, credential: TokenCredential): Client {
  const fetchOptions: FetchOptions = {};
  Object.assign(fetchOptions, { dispatcher: new Agent({ connect: { ca }, keepAliveTimeout: 1 }) });
  return Client.initWithMiddleware({
    authProvider: new TokenCredentialAuthenticationProvider(credential, { scopes: [GRAPH] }),
    baseUrl: `https://localhost:${port}/`,
    customHosts: new Set(["localhost"]),
    fetchOptions,
  });
}

test("Graph's client lists a drive over expiries by a managed identity, and an application without a choice of credentials finds it too", async () => {
  const { stage, connectionId, api, isOver, graphWith } = await setUp(["--expires-in", "86400"]);
  const graph = graphWith(new ManagedIdentityCredential());
  const names: string[] = [];
  const first: unknown = await graph.api(CHILDREN).get();
  const pages = new PageIterator(graph, Object(first), (file: { name: string }) => names.push(file.name) > 0);
  await isOver();
  await pages.iterate();
  expect([names.length, new Set(names).size]).toEqual([95, 95]);

  const usual = graphWith(new DefaultAzureCredential());
  for (let round = 0; round < 2; round++) {
    await isOver();
    await usual.api(CHILDREN).get();
    await graph.api(CHILDREN).get();
  }
  expect([api.tokens().size, api.refused()]).toEqual([4, 0]);

  await stage.sandbox.control.revokeUser("alice");
  await isOver();
  const link = (await stage.token(connectionId)).at("reauthorization_url");
  const failed: unknown = await graph
    .api(CHILDREN)
    .get()
    .catch((error: unknown) => error);
  expect(String(failed)).toContain(`To sign in again: ${link}`);
  // It would go on to the tools of developers, each a process, before it tells what has failed.
  setEnvironment({ AZURE_TOKEN_CREDENTIALS: "prod" });
  await expect(new DefaultAzureCredential().getToken(GRAPH)).rejects.toThrow(link);
}, 60_000);
