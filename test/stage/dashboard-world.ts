import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { SECOND } from "../../src/runtime/clock.ts";
import type { Answer } from "./api.ts";
import { openStage, type Stage } from "./stage.ts";
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
}

/** So many that not all of them are in sight. */
const IMPORTED = 60;

export async function openDashboardWorld(): Promise<DashboardWorld> {
  const stage = await openStage({});
  const { clock } = stage;
  const endpoint = await addEndpoint(stage);
  await adopt(stage, stage.clientId, IMPORTED);
  const staged = await addClient(stage, "with-staged-secret");
  await mustBe(201, stage.api("POST", `/v1/clients/${staged}/secrets`, { client_secret: "next-secret-of-staged" }));
  const refused = await addClient(stage, "refused");
  const connections = {
    active: await connected(stage, "alice"),
    reauthorization_required: await revoked(stage, "bob"),
    disconnected: await ended(stage, "carol"),
    suspended: await suspended(stage, refused),
  };
  const incident = await massRejection(stage);
  const degraded = await firstDegraded(stage);
  await mustBe(201, stage.api("POST", "/v1/campaigns", { incident }));
  await mustBe(201, stage.api("POST", "/v1/tenants", { name: "Acme" }));
  await mustBe(201, stage.api("POST", "/v1/api-keys", { name: "worker", scopes: ["token:read"] }));
  await mustBe(201, stage.api("POST", "/v1/operator-sessions"));
  await clock.leap(60_000);
  return {
    stage,
    connections: { ...connections, degraded },
    clients: { settled: stage.clientId, staged, refused },
    incident,
    endpoint,
  };
}

async function addEndpoint({ api }: Stage): Promise<string> {
  const { url } = await startWebhookReceiver();
  return (await mustBe(201, api("POST", "/v1/webhook-endpoints", { url, description: "The application" }))).at("id");
}

async function addClient({ api, sandbox }: Stage, name: string): Promise<string> {
  const client_secret = `secret-of-${name}`;
  const client = { provider: "sandbox", client_id: name, client_secret, scopes: ["files.read"] };
  const made = await mustBe(201, api("POST", "/v1/clients", client));
  const redirectUris = [made.at("redirect_uri")];
  await sandbox.control.putClient({ clientId: name, clientSecret: client_secret, redirectUris });
  return made.at("id");
}

/** Connections whose tokens came from elsewhere, and live long. */
async function adopt({ api }: Stage, client: string, count: number, life = 30 * 86_400): Promise<string[]> {
  const ids: string[] = [];
  for (let number = 0; number < count; number += 1) {
    const token_set = {
      refresh_token: `adopted-refresh-${number}-${life}`,
      access_token: `adopted-${number}`,
      expires_in: life,
    };
    const end_user = `customer-${number}-${life}`;
    ids.push((await mustBe(201, api("POST", "/v1/connections/import", { client, token_set, end_user }))).at("id"));
  }
  return ids;
}

async function connected(stage: Stage, user: string): Promise<string> {
  const { connectionId: id } = await stage.connect(user);
  await stage.api("PATCH", `/v1/connections/${id}`, { labels: { plan: "team" } });
  await stage.token(id);
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

async function suspended(stage: Stage, client: string): Promise<string> {
  const [id = ""] = await adopt(stage, client, 1, 3600);
  await stage.sandbox.control.disableClient("refused");
  await refresh(stage, id);
  return id;
}

/** So many rejections at once that the brake doubts them, and condemns no more. */
async function massRejection(stage: Stage): Promise<string> {
  const ids = await adopt(stage, stage.clientId, 25, 7200);
  for (const id of ids) await refresh(stage, id);
  for (;;) {
    await stage.clock.advance(SECOND);
    const { body } = await stage.api("GET", "/v1/incidents?state=open");
    const found = listSchema.parse(body).incidents.find(({ kind }) => kind === "rejections");
    if (found) return found.id;
  }
}

async function firstDegraded({ api }: Stage): Promise<string> {
  const { text } = await mustBe(200, api("GET", "/v1/connections?status=degraded"));
  return /con_\w+/.exec(text)?.[0] ?? "";
}

const listSchema = z.object({ incidents: z.array(z.object({ id: z.string(), kind: z.string() })) });

/** What waits between two requests of one refresh does not wait long. */
async function refresh({ api, clock }: Stage, id: string): Promise<void> {
  let isOver = false;
  const asked = api("POST", `/v1/connections/${id}/refresh`).finally(() => (isOver = true));
  while (!isOver) {
    await sleep(2);
    await clock.advance(100);
  }
  await asked;
}

async function mustBe(status: number, asked: Promise<Answer>): Promise<Answer> {
  const answer = await asked;
  if (answer.status !== status) throw new Error(`HTTP ${answer.status} instead of ${status}: ${answer.text}`);
  return answer;
}
