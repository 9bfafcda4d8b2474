import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { createApi } from "../stage/api.ts";
import { freePort } from "../stage/free-port.ts";
import { startEvergrant, type Environment } from "./evergrant.ts";
import { openRestoreStage, PATIENCE, spent } from "./restore-stage.ts";

vi.setConfig({ testTimeout: PATIENCE });

test("a clone runs beside the original, and never spends a token of it", async () => {
  const stage = await openRestoreStage();
  const id = await stage.connect("alice");
  const path = `/v1/connections/${id}`;
  const generation = await stage.refresh(id);
  await stage.run(["backup", stage.backup]);

  const port = String(await freePort());
  const clone: Environment = { ...stage.environment, ...stage.elsewhere("root.key"), EVERGRANT_PORT: port };
  const made = await stage.run(["restore", stage.backup, "--as-clone", "--json"], clone);
  expect(made).toMatchObject({ code: EXIT.ok, stderr: "" });
  expect(JSON.parse(made.stdout)).toMatchObject({ clone: true, connections: 1, blanked: 1, held: 0, kept: null });

  const running = startEvergrant(["serve"], clone);
  await running.printed(/"event":"service.started"/);
  const there = createApi(`http://127.0.0.1:${port}`, clone["EVERGRANT_ADMIN_KEY"] ?? "");
  expect((await there("GET", `${path}/access-token`)).body).toMatchObject({ generation, refresh_state: "ok" });
  expect((await there("GET", path)).body).toMatchObject({
    status: "degraded",
    diagnosis: { cause: "refresh_token_missing", who_acts: "user", evidence: { clone: true } },
  });
  expect((await there("POST", `${path}/refresh`)).body).toMatchObject({ generation });
  expect(await stage.refresh(id)).toBe(generation + 1);
  expect(spent(stage)).toEqual({ refreshRequests: 2, reuseDetected: 0 });
  running.signal("SIGTERM");
  expect((await running.ended).code).toBe(0);

  // Made anew from a later backup, it stays the same clone.
  const later = join(stage.folder, "later.db");
  await stage.run(["backup", later]);
  expect((await stage.run(["restore", later, "--as-clone"], clone)).code).toBe(EXIT.ok);
  const again = startEvergrant(["serve"], clone);
  await again.printed(/"event":"service.started"/);
  expect((await there("GET", path)).body).toMatchObject({ status: "degraded", generation: generation + 1 });
  again.signal("SIGTERM");
  await again.ended;

  // Neither takes the other's place.
  const refused = { code: EXIT.failed, stderr: expect.stringContaining("EVERGRANT_DATA_DIR") };
  expect(await stage.run(["restore", stage.backup], clone)).toMatchObject(refused);
  await stage.stop();
  expect(await stage.run(["restore", stage.backup, "--as-clone"])).toMatchObject(refused);
  expect(await stage.run(["restore", "--mark", "--as-clone"])).toMatchObject({ code: EXIT.usage });
  expect(await stage.run(["restore", "--mark", "--as-clone", "--yes"])).toMatchObject(refused);
  const mixed = {
    ...stage.environment,
    EVERGRANT_DATABASE_URL: `sqlite:${join(stage.folder, "elsewhere", "evergrant.db")}`,
  };
  expect(await stage.run(["serve"], mixed)).toMatchObject({ code: EXIT.settings, stderr: refused.stderr });
  const doctor = await stage.run(["doctor"], mixed);
  expect(doctor.stdout).toMatch(/^✗ restore +one of the database and the data directory belongs to a clone/m);
  await stage.start();
  expect(await stage.refresh(id)).toBe(generation + 2);
  expect(spent(stage)).toMatchObject({ reuseDetected: 0 });
});
