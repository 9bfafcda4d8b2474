import { expect, it } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { openJournal } from "../../src/journal/journal.ts";
import { systemClock } from "../../src/service/system.ts";
import { createClientStore } from "../../src/store/clients.ts";
import { createConnectionStore } from "../../src/store/connections.ts";
import { openSqlite } from "../../src/store/sqlite/open.ts";
import { createCollectingObserver } from "../stage/collecting-observer.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import { tokenRecord } from "../stage/store-stage.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { clientAt, newConnection } from "../stage/world.ts";
import { evergrant } from "./evergrant.ts";

/** A database with `con_1` at its first generation, and a journal that has the second one as stored. */
async function openLagging(): Promise<string> {
  const dataDir = temporaryFolder();
  const database = await openSqlite(`${dataDir}/evergrant.db`, systemClock);
  await createClientStore(database).create(clientAt("provider", "cli_1"), null);
  const connection = newConnection("con_1", { id: "cli_1", providerId: "provider" });
  const history = { kind: "connected", generation: 1, detail: {} } as const;
  await createConnectionStore(database).create(connection, tokenRecord(1), null, history);
  await database.close();
  const observer = createCollectingObserver();
  const journal = await openJournal({ dataDir, instanceId: "ins_1", clock: createManualClock(), observer });
  const tokens = tokenRecord(2);
  const entry = { kind: "tokens", tenantId: "default", connectionId: "con_1", receivedAt: 2, tokens } as const;
  await journal.append(entry);
  journal.settled(entry);
  await journal.close();
  return dataDir;
}

function replay(dataDir: string, ...args: string[]) {
  return evergrant(["journal", "replay", ...args], { EVERGRANT_DATA_DIR: dataDir });
}

it("brings to the database what it lost, once", async () => {
  const dataDir = await openLagging();
  expect(await replay(dataDir)).toMatchObject({ code: EXIT.ok, stdout: "con_1\n", stderr: "" });
  const database = await openSqlite(`${dataDir}/evergrant.db`, systemClock);
  const held = await createConnectionStore(database).snapshot("con_1");
  await database.close();
  expect(held?.tokens.generation).toBe(2);
  const again = await replay(dataDir, "--json");
  expect(JSON.parse(again.stdout)).toEqual({ raised: [], damaged: false });
  expect((await replay(dataDir)).stdout).toBe("The database has everything that the journals have.\n");
});

it("makes no database where there is none", async () => {
  const { code, stderr } = await replay(temporaryFolder());
  expect(code).toBe(EXIT.database);
  expect(stderr).toContain("There is no database at");
});
