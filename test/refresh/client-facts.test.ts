import { describe, expect, test } from "vitest";
import { createClientFactsReader } from "../../src/refresh/client-facts.ts";
import { SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage } from "../stage/engine-stage.ts";
import { storeIsDown } from "../stage/faulty-connection-store.ts";

/** A reader, a connection to read for, and how often the store was asked for a client. */
async function scene() {
  const stage = await openEngineStage();
  const { connection } = await stage.held(await stage.connect());
  const asked: string[] = [];
  let failures = 0;
  const find: typeof stage.clients.find = async (id) => {
    asked.push(id);
    if (failures-- > 0) throw storeIsDown();
    return stage.clients.find(id);
  };
  const facts = createClientFactsReader({ ...stage.ports, clients: { ...stage.clients, find } });
  return { stage, facts, connection, asked, fail: (times: number) => void (failures = times) };
}

describe("what a refresh has to know of the client", () => {
  test("is read anew for who waits", async () => {
    const { stage, facts, connection, asked } = await scene();
    const { client, provider } = await facts.read(connection);
    expect([client.id, provider?.id]).toEqual([stage.clientId, "provider"]);
    await facts.read(connection);
    expect(asked).toHaveLength(2);
  });

  test("is read once a second for a crowd that nobody waits for", async () => {
    const { stage, facts, connection, asked } = await scene();
    await Promise.all(Array.from({ length: 100 }, () => facts.recent(connection)));
    await stage.clock.advance(SECOND - 1);
    await facts.recent(connection);
    expect(asked).toHaveLength(1);
    await stage.clock.advance(1);
    await facts.recent(connection);
    expect(asked).toHaveLength(2);
  });

  test("is not remembered when it could not be read", async () => {
    const { facts, connection, fail } = await scene();
    fail(1);
    await expect(facts.recent(connection)).rejects.toMatchObject({ code: "store_unavailable" });
    await expect(facts.recent(connection)).resolves.toMatchObject({ client: { id: connection.clientId } });
  });

  test("is remembered for a thousand clients at most", async () => {
    const { stage, connection } = await scene();
    const asked: string[] = [];
    const find: typeof stage.clients.find = async (id) => {
      asked.push(id);
      return stage.clients.find(stage.clientId);
    };
    const facts = createClientFactsReader({ ...stage.ports, clients: { ...stage.clients, find } });
    for (let i = 0; i < 1000; i++) await facts.recent({ ...connection, clientId: `cli_${i}` });
    await facts.recent({ ...connection, clientId: "cli_0" });
    expect(asked).toHaveLength(1000);
    await facts.recent({ ...connection, clientId: "cli_more" });
    await facts.recent({ ...connection, clientId: "cli_0" });
    expect(asked).toHaveLength(1002);
  });
});

test("a provider that is not defined any more is told as such", async () => {
  const { stage, connection } = await scene();
  const client = await stage.clients.find(stage.clientId);
  const find = () => Promise.resolve(client && { ...client, providerId: "gone" });
  const facts = createClientFactsReader({ ...stage.ports, clients: { ...stage.clients, find } });
  await expect(facts.read(connection)).resolves.toMatchObject({ provider: null });
});

test("a client that is not there any more is a fault of ours", async () => {
  const { facts, connection } = await scene();
  await expect(facts.read({ ...connection, clientId: "cli_no" })).rejects.toMatchObject({ code: "internal" });
});
