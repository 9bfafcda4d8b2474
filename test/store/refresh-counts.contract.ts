import { expect, test } from "vitest";
import { beginOf, createRefreshCounts, type RefreshCount } from "../../src/refresh/refresh-counts.ts";
import { DAY, HOUR, MINUTE } from "../../src/runtime/clock.ts";
import { createRefreshCountStore } from "../../src/store/refresh-counts.ts";
import { createCollectingObserver } from "../stage/collecting-observer.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { openStoreStage } from "../stage/store-stage.ts";

/** What every database has to keep of how many token requests there were. */
export function refreshCountsContract(kind: DatabaseKind): void {
  test(`token requests are added up, found and forgotten on ${kind.name}`, async () => {
    const stage = await openStoreStage(kind);
    await stage.clock.advance(100 * DAY);
    const counts = createRefreshCountStore(stage.database);
    const at = Math.floor(stage.clock.now() / HOUR) * HOUR;
    const one: RefreshCount = {
      step: MINUTE,
      at,
      tenantId: "default",
      clientId: "cli_1",
      outcome: "succeeded",
      speed: 1,
      count: 2,
    };
    const slow = { ...one, speed: 3, count: 1 };
    await counts.add([one, slow, { ...one, tenantId: "ten_other" }, { ...one, clientId: "cli_2", outcome: "lost" }]);
    await counts.add([one, { ...one, at: at + MINUTE }, { ...one, step: HOUR }]);
    const query = { tenantId: "default", step: MINUTE, from: at, to: at + MINUTE };
    expect(await counts.series({ ...query, clientId: "cli_1" })).toEqual([{ at, outcome: "succeeded", count: 5 }]);
    expect(
      (await counts.series({ ...query, to: at + HOUR })).map(({ count }) => count).toSorted((a, b) => a - b),
    ).toEqual([2, 2, 5]);
    expect(await counts.series({ ...query, providerId: "provider" })).toEqual([{ at, outcome: "succeeded", count: 5 }]);
    expect(await counts.series({ ...query, providerId: "none" })).toEqual([]);
    expect((await counts.byClient(query)).toSorted((a, b) => a.count - b.count)).toEqual([
      { clientId: "cli_1", outcome: "succeeded", speed: 3, count: 1 },
      { clientId: "cli_2", outcome: "lost", speed: 1, count: 2 },
      { clientId: "cli_1", outcome: "succeeded", speed: 1, count: 4 },
    ]);
    await stage.clock.advance(4 * HOUR);
    await counts.prune();
    expect(await counts.series({ ...query, to: at + HOUR })).toEqual([]);
    expect(await counts.series({ ...query, step: HOUR })).toEqual([{ at, outcome: "succeeded", count: 2 }]);
    await stage.clock.advance(30 * DAY);
    await counts.prune();
    expect(await counts.series({ ...query, step: HOUR })).toEqual([]);
  });
  test(`what two instances counted at the same time is added up on ${kind.name}`, async () => {
    const stage = await openStoreStage(kind);
    const { clock } = stage;
    const instances = Array.from({ length: 2 }, () => {
      const counts = createRefreshCountStore(stage.database);
      return createRefreshCounts({ clock, counts, observer: createCollectingObserver() });
    });
    for (const { observer } of instances) {
      for (const clientId of ["cli_1", "cli_2", "cli_1"]) {
        observer.event("refresh.answered", { tenantId: "default", clientId, outcome: "succeeded", durationMs: 1 });
      }
    }
    await Promise.all(instances.map((each) => each.writeSome()));
    const at = beginOf(clock.now(), HOUR);
    const query = { tenantId: "default", step: HOUR, from: at, to: at + HOUR };
    const found = await createRefreshCountStore(stage.database).byClient(query);
    expect(found.map(({ clientId, count }) => [clientId, count])).toEqual([
      ["cli_1", 4],
      ["cli_2", 2],
    ]);
  });
}
