import { secretAddress } from "../../src/client/authentication.ts";
import type { LiveSecret, NewSecret } from "../../src/client/client-secret.ts";
import { SECOND } from "../../src/runtime/clock.ts";
import { secret } from "../../src/runtime/secret.ts";
import type { Plan } from "./plan.ts";
import type { Stores } from "./stores.ts";
import { plaintextOf } from "./transparent-sealer.ts";
import { siteOfClient, TENANT, type ProviderSite, type Scene, type World } from "./world.ts";

/** From this seed on clients have secrets, which change; those before are the same as when they had none. */
const FIRST_SEED = 1_000_000;

export function haveSecrets(seed: number): boolean {
  return seed >= FIRST_SEED;
}

/** What the server takes of its client at first. */
export function firstSecret(clientId: string): string {
  return `${clientId}-secret-1`;
}

/** The operators of all clients change secrets again and again: well, with a wrong one, or before the server knows the new one. */
export function changeSecrets(world: World): void {
  if (!world.plan.hasSecrets) return;
  for (const client of world.plan.clients) createOperator(world, client).begin();
}

type Way = "well" | "wrongly" | "too_early";

function createOperator(world: World, { id }: Plan["clients"][number]) {
  const { scheduler, dice, stores, trace, faults } = world;
  const site = siteOfClient(world, id);
  let changes = 1;
  /** The server has not ended the one before yet. */
  let isUnderWay = false;

  function later(seconds: number, run: () => Promise<void>): void {
    const runIfStormy = (): void => {
      if (world.state.isStormy) void run();
    };
    scheduler.at(scheduler.now() + seconds * SECOND, { on: null, run: runIfStormy });
  }

  async function change(): Promise<void> {
    later(dice.between(20, 300), change);
    if (isUnderWay || !(await makeRoom())) return;
    const way: Way = dice.pick(["well", "well", "wrongly", "too_early"]);
    const word = `${id}-secret-${++changes}`;
    trace.note(null, () => `SECRET of ${id} is changed ${way.replace("_", " ")}: ${word}`);
    faults.count(`secret_changed_${way}`);
    isUnderWay = way !== "wrongly";
    if (way === "well") site.secrets?.add(word);
    const added = await sealed(stores, word);
    await stores.clients.stageSecret(id, added, { promotesItself: dice.chance(0.7) });
    if (way === "too_early") await stores.clients.promoteSecret(id, added.id, { by: "operator", force: true });
    // An operator sees that it is stored, which a failover cannot undo then.
    world.database.replicate();
    if (way === "well") later(dice.between(0, 240), () => endOthers(word));
    if (way === "too_early") later(dice.between(0, 60), () => learn(word));
  }

  async function learn(word: string): Promise<void> {
    trace.note(null, () => `${site.entry.id} learns ${word}`);
    site.secrets?.add(word);
    later(dice.between(0, 240), () => endOthers(word));
  }

  async function endOthers(word: string): Promise<void> {
    trace.note(null, () => `${site.entry.id} takes only ${word}`);
    faults.count("secret_ended");
    site.secrets = new Set([word]);
    site.secretEndedAt = scheduler.now();
    isUnderWay = false;
  }

  /** True when there is one secret left, which the server takes; what it does not take is retired, unless it is the active one. */
  async function makeRoom(): Promise<boolean> {
    if (world.store.awayUntil > scheduler.now()) return false;
    const live = await stores.clients.liveSecrets(id);
    const [active] = live;
    if (active?.state !== "active" || !takes(site, active)) return false;
    for (const other of live.slice(1)) await stores.clients.retireSecret(id, other.id, "operator");
    return true;
  }

  return { begin: () => later(dice.between(5, 60), change) };
}

function takes({ secrets }: ProviderSite, { sealed: record }: Pick<LiveSecret, "sealed">): boolean {
  return secrets === null || secrets.has(plaintextOf(record));
}

/** Named after its word, so that a run is the same each time. */
export async function sealed({ sealer }: Pick<Stores, "sealer">, word: string): Promise<NewSecret> {
  return { id: word, sealed: await sealer.seal(secretAddress(TENANT, word), secret(word)) };
}

/** Long enough for a token request and whatever is made of it. */
const LATE = 180 * SECOND;

/** A client is held to be refused only while the server takes none of its secrets. */
export async function judgeSuspension(scene: Scene, clientId: string): Promise<void> {
  const site = siteOfClient(scene, clientId);
  const now = scene.scheduler.now();
  if (site.secrets === null || now - Math.max(site.clientRefusedUntil, site.secretEndedAt) < LATE) return;
  const good = (await scene.stores.clients.liveSecrets(clientId)).find((one) => takes(site, one));
  if (good) scene.verdict.report("suspension", null, `${clientId} is suspended although the server takes ${good.id}`);
}
