import { changeSecrets } from "./client-secrets.ts";
import type { WorldFault } from "./faults.ts";
import { start, type Instance } from "./instance.ts";
import { kill, pause, resume } from "./mishaps.ts";
import { disconnect, reauthorize } from "./people.ts";
import { databaseTime, livingInstances, type ProviderSite, type Slot, type World } from "./world.ts";

/** What happens to the world at large: something every few seconds. */
export function unleash(world: World): void {
  const { scheduler, dice } = world;
  function next(): void {
    scheduler.at(scheduler.now() + dice.between(1000, dice.pick([10_000, 60_000])), {
      on: null,
      run: () => {
        if (!world.state.isStormy) return;
        const kind = world.faults.inWorld();
        if (strike(world, kind)) world.faults.count(kind);
        next();
      },
    });
  }
  next();
  if (world.plan.isCrowd) sendBadHour(world);
  changeSecrets(world);
}

/** What the brake is for: everything is due, and the provider rejects everything for longer than anybody would wait. */
function sendBadHour(world: World): void {
  const { scheduler, dice, providers, faults, trace } = world;
  const [site] = providers;
  if (!site) return;
  const run = (): void => {
    site.badHourUntil = scheduler.now() + dice.pick([120_000, 600_000, 2_400_000]);
    trace.note(null, () => `${site.entry.id} REJECTS EVERYTHING until t=${site.badHourUntil / 1000}`);
    faults.count("bad_hour");
    expireEverything(world);
  };
  scheduler.at(scheduler.now() + dice.between(1000, 60_000), { on: null, run });
}

/** Instances that ended start again after a while. */
export function superviseSlots(world: World): void {
  const { scheduler, dice } = world;
  for (const slot of world.slots) {
    if (slot.current || slot.isStarting) continue;
    slot.isStarting = true;
    const wait = world.state.isStormy ? dice.pick([500, 5000, 30_000, 100_000, 250_000]) : 1000;
    const run = (): void => {
      slot.isStarting = false;
      start(world, slot);
    };
    scheduler.at(scheduler.now() + wait, { on: null, run });
  }
}

/** Everything outside works again, and nobody is paused. */
export function calm(world: World): void {
  const { store, scheduler, faults, disks, providers } = world;
  world.state.isStormy = false;
  faults.end();
  store.awayUntil = scheduler.now();
  for (const disk of disks) disk.unwritableUntil = scheduler.now();
  for (const site of providers) endTroubles(site, scheduler.now());
  for (const instance of livingInstances(world)) {
    instance.clockOffset = 0;
    instance.cutOffUntil = scheduler.now();
    resume(world, instance);
  }
  if (store.clockOffset !== 0) store.clockJumpedAt = scheduler.now();
  store.clockOffset = 0;
  world.trace.note(null, () => "CALM");
}

function endTroubles(site: ProviderSite, now: number): void {
  site.throttledUntil = now;
  site.downUntil = now;
  site.slowUntil = now;
  site.badHourUntil = Math.min(site.badHourUntil, now);
  site.clientRefusedUntil = now;
}

/** Returns whether there was anything to strike. */
function strike(world: World, kind: WorldFault): boolean {
  const { dice, scheduler, store, providers, plan } = world;
  const now = scheduler.now();
  const site = dice.pick(providers);
  const slot = pickSlot(world);
  const instance = slot.current;
  const until = now + dice.pick([5_000, 20_000, 60_000, 150_000]);
  const connection = dice.pick(plan.connections).id;
  const note = (text: string): boolean => {
    world.trace.note(null, () => text);
    return true;
  };
  switch (kind) {
    case "killed":
    case "paused":
    case "restarted":
    case "cut_off":
    case "clock_jump":
      return instance?.alive === true && strikeInstance(world, kind, instance);
    case "store_away":
      store.awayUntil = Math.min(until, now + 60_000);
      return note(`STORE AWAY until t=${store.awayUntil / 1000}`);
    case "failover":
      return failOver(world);
    case "database_clock_jump":
      store.clockOffset += dice.pick([-15_000, -3000, 3000, 15_000]);
      store.clockJumpedAt = now;
      return note(`DATABASE CLOCK off by ${store.clockOffset} ms`);
    case "journal_unwritable":
      slot.disk.unwritableUntil = until;
      return note(`DISK of ${slot.name} takes nothing until t=${until / 1000}`);
    case "throttling_storm":
      site.throttledUntil = until;
      return note(`${site.entry.id} THROTTLES until t=${until / 1000}`);
    case "server_down":
      site.downUntil = until;
      return note(`${site.entry.id} DOWN until t=${until / 1000}`);
    case "server_slow":
      site.slowUntil = until;
      return note(`${site.entry.id} SLOW until t=${until / 1000}`);
    case "bad_hour":
      site.badHourUntil = now + dice.pick([20_000, 300_000, 1_500_000]);
      return note(`${site.entry.id} REJECTS EVERYTHING until t=${site.badHourUntil / 1000}`);
    case "client_refused":
      site.clientRefusedUntil = until;
      return note(`${site.entry.id} REFUSES ITS CLIENTS until t=${until / 1000}`);
    case "everything_expires":
      expireEverything(world);
      return note("EVERYTHING EXPIRES");
    case "revoked_by_user":
      return revoke(world, connection);
    case "reauthorized":
      return reauthorize(world, connection);
    case "disconnected":
      return disconnect(world, connection);
  }
}

/** Preferably one that is in the middle of an exchange. */
function pickSlot({ dice, slots, state }: World): Slot {
  const busy = slots.filter(({ current }) => [...state.open].some(({ by }) => by === current));
  return dice.pick(busy.length > 0 && dice.chance(0.6) ? busy : slots);
}

function strikeInstance(
  world: World,
  kind: "killed" | "paused" | "restarted" | "cut_off" | "clock_jump",
  instance: Instance,
): boolean {
  const { dice, scheduler, trace } = world;
  switch (kind) {
    case "killed":
      kill(world, instance, "by an operator");
      return true;
    case "paused":
      pause(world, instance, "");
      return true;
    case "restarted":
      return restart(world, instance);
    case "cut_off":
      instance.cutOffUntil = scheduler.now() + dice.pick([5_000, 20_000, 70_000, 150_000]);
      instance.unwellUntil = Math.max(instance.unwellUntil, instance.cutOffUntil + 5000);
      trace.note(null, () => `${instance.name} CUT OFF from the store until t=${instance.cutOffUntil / 1000}`);
      return true;
    case "clock_jump":
      instance.clockOffset += dice.pick([-300_000, -30_000, -2000, 2000, 30_000, 300_000]);
      trace.note(null, () => `${instance.name} CLOCK off by ${instance.clockOffset} ms`);
      return true;
  }
}

/** A graceful end, and another instance after it. */
function restart(world: World, instance: Instance): boolean {
  if (instance.isStopping) return false;
  world.trace.note(null, () => `${instance.name} is asked to stop`);
  void instance.stop().then(() => {
    world.trace.note(null, () => `${instance.name} has stopped`);
    kill(world, instance, "at its end");
    return undefined;
  });
  return true;
}

function failOver(world: World): boolean {
  const { dice, scheduler, store, database, trace, witness } = world;
  const lost = database.failOver(dice.pick([0, 1, 1, 2, 4]));
  store.connection++;
  store.failedOverAt = scheduler.now();
  store.awayUntil = scheduler.now() + dice.pick([0, 0, 1000, 10_000]);
  trace.note(null, () => `FAILOVER loses ${lost} transactions`);
  witness.failedOver();
  return true;
}

/** Every access token ends at once, and every refresh is due. */
export function expireEverything(world: World): void {
  const now = databaseTime(world);
  void world.database.database.write(async (queries) => {
    await queries.updateTable("refresh_leases").set({ due_at: now }).where("due_at", "is not", null).execute();
    await queries
      .updateTable("token_sets")
      .set({ expires_at: now + 1000 })
      .where("expires_at", ">", now)
      .execute();
  });
}

function revoke(world: World, connectionId: string): boolean {
  const family = world.witness.subjects.get(connectionId)?.family;
  if (!family || family.revoked !== null) return false;
  family.revoked = "by_user";
  world.trace.note(connectionId, () => `${connectionId} REVOKED by its user`);
  return true;
}
