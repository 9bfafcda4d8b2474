import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import type { Answer } from "./api.ts";
import { openStage, type Stage, type StageOptions } from "./stage.ts";
import { startWebhookReceiver } from "./webhook-receiver.ts";

/** A service that has seen everything that the dashboard has a page for. */
export interface DashboardWorld {
  stage: Stage;
  /** A connection in each status. */
  connections: Record<"active" | "degraded" | "suspended" | "reauthorization_required" | "disconnected", string>;
  /** A client in good order, one with a staged secret, and one that the provider refuses. */
  clients: Record<"settled" | "staged" | "refused", string>;
  /** An open incident, with a campaign on it. */
  incident: string;
  /** A webhook endpoint with deliveries. */
  endpoint: string;
  /** What was handed to the service and what it gave away, by what it is. */
  secrets: Map<string, string>;
}

type Building = Pick<DashboardWorld, "stage" | "secrets">;

/** So many that not all of them are in sight. */
const IMPORTED = 60;

/** More than the brake takes for chance. */
const REJECTED = 25;

export async function openDashboardWorld(options: StageOptions = {}): Promise<DashboardWorld> {
  const stage = await openStage(options);
  const building: Building = { stage, secrets: new Map([["admin key", stage.adminKey]]) };
  const endpoint = await addEndpoint(building);
  await adopt(building, stage.clientId, { count: IMPORTED, life: 30 * DAY });
  const clients = {
    settled: stage.clientId,
    staged: await addStagedClient(building),
    refused: await addClient(building, "refused"),
  };
  const connections = {
    active: await connected(stage, "alice"),
    reauthorization_required: await revoked(stage, "bob"),
    disconnected: await ended(stage, "carol"),
    suspended: await suspended(building, clients.refused),
  };
  const incident = await massRejection(building);
  const degraded = await firstDegraded(stage);
  await mustBe(201, stage.api("POST", "/v1/campaigns", { incident }));
  await mustBe(201, stage.api("POST", "/v1/tenants", { name: "Acme" }));
  await addKey(building);
  await mustBe(201, stage.api("POST", "/v1/operator-sessions"));
  await stage.clock.leap(MINUTE);
  return { ...building, connections: { ...connections, degraded }, clients, incident, endpoint };
}

async function addEndpoint({ stage, secrets }: Building): Promise<string> {
  const { url } = await startWebhookReceiver();
  const endpoint = { url, description: "The application" };
  const made = await mustBe(201, stage.api("POST", "/v1/webhook-endpoints", endpoint));
  secrets.set("webhook secret", made.at("secret").slice("whsec_".length));
  return made.at("id");
}

async function addKey({ stage, secrets }: Building): Promise<void> {
  const made = await mustBe(201, stage.api("POST", "/v1/api-keys", { name: "worker", scopes: ["token:read"] }));
  secrets.set("API key", made.at("key"));
}

async function addClient({ stage: { api, sandbox }, secrets }: Building, name: string): Promise<string> {
  const clientSecret = `client-secret-of-${name}/+=&% 1`;
  secrets.set(`client secret ${name}`, clientSecret);
  const client = { provider: "sandbox", client_id: name, client_secret: clientSecret, scopes: ["files.read"] };
  const made = await mustBe(201, api("POST", "/v1/clients", client));
  const redirectUris = [made.at("redirect_uri")];
  await sandbox.control.putClient({ clientId: name, clientSecret, redirectUris });
  return made.at("id");
}

async function addStagedClient(building: Building): Promise<string> {
  const id = await addClient(building, "changing");
  const staged = "staged-client-secret/+=&% 2";
  building.secrets.set("client secret staged", staged);
  await mustBe(201, building.stage.api("POST", `/v1/clients/${id}/secrets`, { client_secret: staged }));
  return id;
}

/** Connections whose tokens came from elsewhere; the provider knows nothing of them. */
async function adopt(
  { stage, secrets }: Building,
  client: string,
  { count, life }: { count: number; life: number },
): Promise<string[]> {
  const ids: string[] = [];
  for (let left = count; left > 0; left -= 1) {
    const number = secrets.size;
    const token_set = {
      refresh_token: `refresh-token-from-elsewhere-${number}`,
      access_token: `access-token-from-elsewhere-${number}`,
      expires_in: life / SECOND,
    };
    secrets.set(`refresh token ${number}`, token_set.refresh_token);
    secrets.set(`access token ${number}`, token_set.access_token);
    const connection = { client, token_set, end_user: `customer-${number}` };
    ids.push((await mustBe(201, stage.api("POST", "/v1/connections/import", connection))).at("id"));
  }
  return ids;
}

async function connected(stage: Stage, user: string): Promise<string> {
  const { connectionId: id } = await stage.connect(user);
  await mustBe(200, stage.api("PATCH", `/v1/connections/${id}`, { labels: { plan: "team" } }));
  await mustBe(200, stage.token(id));
  return id;
}

async function revoked(stage: Stage, user: string): Promise<string> {
  const id = await connected(stage, user);
  await stage.sandbox.control.revokeUser(user);
  await refresh(stage, id);
  return id;
}

async function ended(stage: Stage, user: string): Promise<string> {
  const id = await connected(stage, user);
  await mustBe(200, stage.api("DELETE", `/v1/connections/${id}`));
  return id;
}

async function suspended(building: Building, client: string): Promise<string> {
  const [id = ""] = await adopt(building, client, { count: 1, life: HOUR });
  await building.stage.sandbox.control.disableClient("refused");
  await refresh(building.stage, id);
  return id;
}

/** So many rejections at once that the brake doubts the last of them. */
async function massRejection(building: Building): Promise<string> {
  const { api, clock } = building.stage;
  const ids = await adopt(building, building.stage.clientId, { count: REJECTED, life: 2 * HOUR });
  for (const id of ids) await refresh(building.stage, id);
  for (;;) {
    await clock.advance(SECOND);
    const { body } = await api("GET", "/v1/incidents?state=open");
    const found = listSchema.parse(body).incidents.find(({ kind }) => kind === "rejections");
    if (found) return found.id;
  }
}

const listSchema = z.object({ incidents: z.array(z.object({ id: z.string(), kind: z.string() })) });

async function firstDegraded({ api }: Stage): Promise<string> {
  const { text } = await mustBe(200, api("GET", "/v1/connections?status=degraded"));
  return /con_\w+/.exec(text)?.[0] ?? "";
}

/** What waits between two requests of one refresh does not wait long. */
async function refresh({ api, clock }: Stage, id: string): Promise<void> {
  const asked = api("POST", `/v1/connections/${id}/refresh`);
  while ((await Promise.race([asked, sleep(2, null)])) === null) await clock.advance(100);
}

async function mustBe(status: number, asked: Promise<Answer>): Promise<Answer> {
  const answer = await asked;
  if (answer.status !== status) throw new Error(`HTTP ${answer.status} instead of ${status}: ${answer.text}`);
  return answer;
}
