import type { RefreshPolicy } from "../../src/connection/connection.ts";
import { providerSchema, type Provider } from "../../src/provider/provider.ts";
import type { ServerHabits } from "./authorization-server.ts";
import type { Dice } from "./dice.ts";

/** The world of one run, before anything happens. */
export interface Plan {
  /** The host of each instance; those of one host see each other's journals. */
  hosts: number[];
  providers: PlannedProvider[];
  clients: { id: string; provider: string }[];
  connections: { id: string; client: string; policy: RefreshPolicy }[];
  /** Many connections of one client, for what depends on their number. */
  isCrowd: boolean;
  /** Clients prove themselves with secrets, which change; or they have none. */
  hasSecrets: boolean;
  /** Somebody looks after incidents, and tells of them. */
  hasIncidents: boolean;
  faultsWanted: number;
}

export interface PlannedProvider {
  entry: Provider;
  habits: ServerHabits;
}

const CROWD = 40;
const CROWDS = 0.02;
const CROWDS_WITH_INCIDENTS = 0.3;
const LIFETIMES = [30, 60, 120, 300, 600];

/** From this seed on somebody looks after incidents; those before are the same as when nobody did. */
const FIRST_WITH_INCIDENTS = 2_000_000;

export function haveIncidents(seed: number): boolean {
  return seed >= FIRST_WITH_INCIDENTS;
}

export function draw(dice: Dice, hasIncidents = false): Omit<Plan, "hasSecrets"> {
  const isCrowd = dice.chance(hasIncidents ? CROWDS_WITH_INCIDENTS : CROWDS);
  const instances = isCrowd ? dice.between(2, 3) : dice.between(2, 5);
  const hosts = drawHosts(dice, instances);
  const providers = Array.from({ length: isCrowd ? 1 : dice.between(1, 2) }, (_, index) =>
    drawProvider(dice, index + 1),
  );
  const clients = providers.map(({ entry }, index) => ({ id: `k${index + 1}`, provider: entry.id }));
  const connections = Array.from({ length: isCrowd ? CROWD : dice.between(3, 8) }, (_, index) => ({
    id: `c${index + 1}`,
    client: dice.pick(clients).id,
    policy: dice.pick(["adaptive", "eager", "eager", "on_demand"] as const),
  }));
  return { hosts, providers, clients, connections, isCrowd, hasIncidents, faultsWanted: dice.between(20, 30) };
}

/** All on one host, each on its own, or mixed. */
function drawHosts(dice: Dice, instances: number): number[] {
  const hosts = dice.pick([1, instances, 2]);
  return Array.from({ length: instances }, (_, index) => index % hosts);
}

function drawProvider(dice: Dice, number: number): PlannedProvider {
  const habits = drawHabits(dice);
  const base = `https://p${number}.example`;
  const entry = providerSchema.parse({
    id: `p${number}`,
    name: `p${number}`,
    authorization_url: `${base}/authorize`,
    token_url: `${base}/token`,
    authentication: "none",
    replay: drawKnown(dice, habits.replay),
    pace: { per_second: 10, concurrent: dice.pick([1, 3, 10]) },
  });
  return { entry, habits };
}

function drawHabits(dice: Dice): ServerHabits {
  const name = dice.pick(["static", "until_used", "window", "window", "none", "punished", "punished"] as const);
  const replay: Provider["replay"] =
    name === "window" ? { class: name, seconds: dice.pick([30, 60, 300, 600, 600]) } : { class: name };
  return {
    replay,
    again: dice.pick(["same", "latest", "latest", "all"]),
    punishesLate: dice.chance(0.5),
    rotates: name === "none" || name === "punished" ? dice.pick([1, 1, 0.5]) : 1,
    lifetimeSeconds: dice.pick(LIFETIMES),
  };
}

/** What the catalogue says of it: the truth, or nothing, which means `none`. */
function drawKnown(dice: Dice, replay: Provider["replay"]): Provider["replay"] {
  return dice.chance(0.15) ? { class: "none" } : replay;
}
