import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { mintKey } from "../../src/access/api-key.ts";
import { systemClock, systemRandom } from "../../src/service/system.ts";
import { startEvergrant } from "../cli/evergrant.ts";
import { createApi, type Api } from "../stage/api.ts";
import { freePort } from "../stage/free-port.ts";
import { openRaw } from "../stage/raw-database.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";

const RECEIVER = fileURLToPath(new URL("../stage/children/webhook-receiver.mjs", import.meta.url));
const CONNECTIONS = 30;

const line = z.object({ id: z.string(), type: z.string(), connection: z.string() });

test("a receiver that is down for an hour, while the service is killed twice, processes each event once and in order", async () => {
  const { api, start, kill, anHourPasses } = await openProcess();
  const port = await freePort();
  const file = `${temporaryFolder()}/processed`;
  await start();
  const endpoint = await api("POST", "/v1/webhook-endpoints", { url: `http://127.0.0.1:${port}/hook` });
  const ids = await connectAndDisconnect(api);
  const path = `/v1/webhook-endpoints/${endpoint.at("id")}/deliveries?limit=200`;
  await expect.poll(async () => (await api("GET", path)).text, WHILE).toContain('"last_code":"refused"');
  await kill();
  anHourPasses();
  await startReceiver(port, file, endpoint.at("secret"));
  await start();
  await expect.poll(() => processedIn(file).length, WHILE).toBeGreaterThan(5);
  await kill();
  anHourPasses();
  await start();
  await expect.poll(() => processedIn(file).length, WHILE).toBe(2 * CONNECTIONS);
  await expect
    .poll(async () => (await api("GET", `${path}&state=pending`)).body, WHILE)
    .toMatchObject({ deliveries: [] });
  const processed = processedIn(file);
  expect(new Set(processed.map(({ id }) => id)).size).toBe(2 * CONNECTIONS);
  for (const id of ids) {
    const types = processed.filter(({ connection }) => connection === id).map(({ type }) => type);
    expect(types).toEqual(["connection.created", "connection.disconnected"]);
  }
}, 60_000);

const WHILE = { timeout: 20_000, interval: 100 };

async function openProcess() {
  const port = await freePort();
  const adminKey = mintKey("admin", systemClock, systemRandom).text.reveal();
  const folder = temporaryFolder();
  const environment = {
    EVERGRANT_DATA_DIR: folder,
    EVERGRANT_PORT: String(port),
    EVERGRANT_ADMIN_KEY: adminKey,
    EVERGRANT_ALLOWED_PRIVATE_HOSTS: "127.0.0.1",
  };
  let running: ReturnType<typeof startEvergrant>;
  return {
    api: createApi(`http://127.0.0.1:${port}`, adminKey),
    start: async () => {
      running = startEvergrant(["serve"], environment);
      await running.printed(/"event":"service.started"/);
    },
    kill: async () => {
      running.signal("SIGKILL");
      await running.ended;
    },
    /** As far as deliveries are concerned, and while no service runs. */
    anHourPasses: () => {
      const database = openRaw(`${folder}/evergrant.db`);
      database.exec("update webhook_deliveries set next_at = 0, claimed_until = 0");
      database.close();
    },
  };
}

async function connectAndDisconnect(api: Api): Promise<string[]> {
  const url = "https://as.example";
  await api("PUT", "/v1/providers/x", { name: "X", authorization_url: `${url}/authorize`, token_url: `${url}/token` });
  const client = (await api("POST", "/v1/clients", { provider: "x", client_id: "c", client_secret: "s" })).at("id");
  const ids: string[] = [];
  for (let n = 0; n < CONNECTIONS; n++) {
    const token_set = { refresh_token: `rt-${n}`, access_token: `at-${n}`, expires_in: 3600 };
    ids.push((await api("POST", "/v1/connections/import", { client, token_set })).at("id"));
  }
  for (const id of ids) expect((await api("DELETE", `/v1/connections/${id}`)).status).toBe(200);
  return ids;
}

async function startReceiver(port: number, file: string, secret: string): Promise<void> {
  const child = spawn(process.execPath, [RECEIVER, String(port), file], { env: { WEBHOOK_SECRET: secret } });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
}

function processedIn(file: string) {
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  return lines.filter((text) => text !== "").map((text) => line.parse(JSON.parse(text)));
}
