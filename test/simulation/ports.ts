import type { ClientStore } from "../../src/client/client.ts";
import type { ConnectionStore } from "../../src/connection/store.ts";
import { createDpopNonces } from "../../src/oauth/dpop-nonce.ts";
import type { IncidentStore } from "../../src/incident/store.ts";
import type { InstanceStore } from "../../src/refresh/instances.ts";
import { createPace } from "../../src/refresh/pace/create-pace.ts";
import type { RefreshPorts } from "../../src/refresh/ports.ts";
import type { Clock } from "../../src/runtime/clock.ts";
import type { Observer } from "../../src/runtime/observer.ts";
import { judgeSuspension } from "./client-secrets.ts";
import { createCalls } from "./calls.ts";
import { createSimulatedJournal, type AppendFate } from "./disk.ts";
import type { Process } from "./instance.ts";
import { createNetwork } from "./network.ts";
import { plaintextOf } from "./transparent-sealer.ts";
import type { World } from "./world.ts";

type Call = ReturnType<typeof createCalls>["call"];

/** Everything that one instance has of the world, with the scheduler in between. */
export function createPorts(world: World, process: Process, clock: Clock) {
  const { stores, dice, witness, scheduler, providers } = world;
  const { call } = createCalls(world, process);
  const observer = createObserver(world, process);
  const entries = new Map(providers.map(({ entry }) => [entry.id, entry]));
  const ports: RefreshPorts = {
    clock,
    random: dice,
    observer,
    transport: createNetwork(world, process),
    dpopNonces: createDpopNonces(),
    sealer: stores.sealer,
    catalogue: {
      find: (id) => Promise.resolve(entries.get(id) ?? null),
      resolve: (id) => Promise.resolve(entries.get(id) ?? null),
      list: () => Promise.resolve([]),
      put: () => Promise.resolve(),
    },
    clients: clientPort(stores.clients, call, world),
    connections: connectionPort(stores.connections, call, world, process),
    journal: createSimulatedJournal({
      disk: process.disk,
      owner: process,
      now: scheduler.now,
      call: (name, about, effect) => call({ port: "journal", name, about, effect }),
      fate: () => takeFate(process),
      appended: (entry) => witness.appended(entry),
      refused: (entry) => {
        const sealed = entry.kind === "tokens" ? entry.tokens.sealedRefreshToken : null;
        if (sealed) process.refusedByDisk.add(plaintextOf(sealed));
      },
    }),
    pace: createPace({ clock, random: dice, observer }),
    publicUrl: "https://evergrant.example",
    instanceId: process.name,
  };
  const nothing = { prune: () => Promise.resolve() };
  const incidents = incidentPort(stores.incidents, call, world);
  return { ports, incidents, instances: instancePort(stores.instances, call), sessions: nothing, tokenReads: nothing };
}

function createObserver({ trace }: World, { name: instance }: Process): Observer {
  return {
    event: (name, fields = {}) => {
      const { connectionId = null, ...rest } = fields;
      trace.note(
        typeof connectionId === "string" ? connectionId : null,
        () => `${instance} * ${name} ${JSON.stringify(rest)}`,
      );
    },
  };
}

function takeFate(process: Process): AppendFate {
  const fate = process.nextAppend;
  process.nextAppend = "written";
  return fate;
}

function connectionPort(store: ConnectionStore, call: Call, { witness }: World, process: Process): ConnectionStore {
  const read = <T>(name: string, about: string | null, effect: () => Promise<T>): Promise<T> =>
    call({ port: "store", name, about, effect });
  const write = <T>(name: string, about: string, effect: () => Promise<T>): Promise<T> =>
    call({ port: "store", name, about, effect, after: () => witness.written(about) });
  return {
    create: (connection, tokens, dueAt, entry) =>
      write("create", connection.id, () => store.create(connection, tokens, dueAt, entry)),
    snapshot: (id) => read("snapshot", id, () => store.snapshot(id)),
    findBySeed: (clientId, seed) => read("findBySeed", null, () => store.findBySeed(clientId, seed)),
    newestOf: (ids) => read("newestOf", null, () => store.newestOf(ids)),
    company: (id, since) => read("company", id, () => store.company(id, since)),
    list: (query) => read("list", null, () => store.list(query)),
    history: (id, page) => read("history", id, () => store.history(id, page)),
    claim: (request) =>
      call({
        port: "store",
        name: "claim",
        about: request.connectionId,
        effect: () => {
          witness.claiming();
          return store.claim(request);
        },
        after: (result) => {
          if (result.kind === "claimed") witness.claimed(process, result.claim);
        },
      }),
    claimDue: (request) =>
      call({
        port: "store",
        name: "claimDue",
        about: null,
        effect: () => {
          witness.claiming();
          return store.claimDue(request);
        },
        after: (due) => {
          for (const { claim } of due) witness.claimed(process, claim);
        },
      }),
    orphans: (limit) => read("orphans", null, () => store.orphans(limit)),
    reassert: (claim, leaseMs) =>
      call({
        port: "store",
        name: "reassert",
        about: claim.connectionId,
        effect: () => store.reassert(claim, leaseMs),
        after: (epoch) => {
          if (epoch !== null) witness.reasserted(process, { ...claim, epoch });
        },
      }),
    claimedBy: (owner) => read("claimedBy", null, () => store.claimedBy(owner)),
    stands: (claim) => read("stands", claim.connectionId, () => store.stands(claim)),
    commit: (commit, claim) =>
      call({
        port: "store",
        name: "commit",
        about: commit.connectionId,
        effect: () => {
          witness.committing(process, commit);
          return store.commit(commit, claim);
        },
        after: () => witness.written(commit.connectionId),
      }),
    recover: (commit) => write("recover", commit.connectionId, () => store.recover(commit)),
    setAside: (id, tokens, claim) => write("setAside", id, () => store.setAside(id, tokens, claim)),
    spares: (id) => read("spares", id, () => store.spares(id)),
    promote: (spare, commit) => write("promote", commit.connectionId, () => store.promote(spare, commit)),
    postpone: (postponement) => write("postpone", postponement.claim.connectionId, () => store.postpone(postponement)),
    release: (attempt, dueAt) => write("release", attempt.claim.connectionId, () => store.release(attempt, dueAt)),
    reject: (rejection) => write("reject", rejection.claim.connectionId, () => store.reject(rejection)),
    setStatus: (change) => write("setStatus", change.connectionId, () => store.setStatus(change)),
    reauthorize: (commit, consent) =>
      write("reauthorize", commit.connectionId, () => store.reauthorize(commit, consent)),
    discard: (id) => write("discard", id, () => store.discard(id)),
    disconnect: (id, entry) => write("disconnect", id, () => store.disconnect(id, entry)),
    setLabels: (id, labels) => write("setLabels", id, () => store.setLabels(id, labels)),
    revokeLinks: (id) => write("revokeLinks", id, () => store.revokeLinks(id)),
    setPolicy: (id, policy, dueAt) => write("setPolicy", id, () => store.setPolicy(id, policy, dueAt)),
    setNeeds: (change) => write("setNeeds", change.connectionId, () => store.setNeeds(change)),
    challenge: (id, claims) => write("challenge", id, () => store.challenge(id, claims)),
    refuseClaims: (id, claims) => write("refuseClaims", id, () => store.refuseClaims(id, claims)),
    markProven: (id) => write("markProven", id, () => store.markProven(id)),
    markRead: (ids) => read("markRead", null, () => store.markRead(ids)),
    prune: (before) => read("prune", null, () => store.prune(before)),
  };
}

function clientPort(store: ClientStore, call: Call, world: World): ClientStore {
  const at = <T>(name: string, effect: () => Promise<T>): Promise<T> =>
    call({ port: "store", name, about: null, effect });
  return {
    ...store,
    find: (id) => at("client.find", () => store.find(id)),
    suspend: (id, suspension) =>
      at("client.suspend", async () => {
        const result = await store.suspend(id, suspension);
        await judgeSuspension(world, id);
        return result;
      }),
    claimProbe: (id, nextProbeAt) => at("client.claimProbe", () => store.claimProbe(id, nextProbeAt)),
    learnLife: (id, milliseconds) => at("client.learnLife", () => store.learnLife(id, milliseconds)),
    resume: (id) => at("client.resume", () => store.resume(id)),
    liveSecrets: (id) => at("client.liveSecrets", () => store.liveSecrets(id)),
    claimTrial: (id) => at("client.claimTrial", () => store.claimTrial(id)),
    proveSecret: (clientId, id) => at("client.proveSecret", () => store.proveSecret(clientId, id)),
    noteRefusal: (refusal) => at("client.noteRefusal", () => store.noteRefusal(refusal)),
    markSecretUsed: (id) => at("client.markSecretUsed", () => store.markSecretUsed(id)),
  };
}

function instancePort(store: InstanceStore, call: Call): InstanceStore {
  const at = <T>(name: string, effect: () => Promise<T>): Promise<T> =>
    call({ port: "store", name, about: null, effect });
  return {
    beat: (id, verified) => at("beat", () => store.beat(id, verified)),
    leave: (id) => at("leave", () => store.leave(id)),
  };
}

function incidentPort(
  store: IncidentStore,
  call: Call,
  { witness, database, verdict }: World,
): Pick<IncidentStore, "look" | "reprieve"> {
  return {
    look: (newId) =>
      call({
        port: "store",
        name: "incident.look",
        about: null,
        effect: () => store.look(newId),
        after: () => {
          const [early = null] = database.rows.toldTooSoon();
          if (early !== null) verdict.report("told", early, "its user would be asked while nobody knows whether to");
        },
      }),
    reprieve: (limit) =>
      call({
        port: "store",
        name: "incident.reprieve",
        about: null,
        effect: () => store.reprieve(limit),
        after: (ids) => {
          for (const id of ids) witness.written(id);
        },
      }),
  };
}
