import { setImmediate as nextTurn } from "node:timers/promises";
import { built, type Keyring, type EventName, type Database, type SealedStore } from "../sweep/built.ts";

/** What refreshes and rekeys in one process of the service, wired as `service/service.ts` does, with another sealer for the rekey. */
export interface Instance {
  /** Starts a rekey with this sealer; nothing limits how fast. One that `rewrites` counts what is left too, and finds nothing. */
  startRekeyer(keyring: Pick<Keyring, "reseal" | "rest">, rewrites: boolean): Promise<{ stop(): Promise<void> }>;
  /** How often something was reported. */
  count(name: EventName): number;
  stop(): Promise<void>;
}

const INSTANCE = "ins_bench";

export async function startInstance(database: Database, keyring: Keyring, dataDir: string): Promise<Instance> {
  const { systemClock: clock, systemRandom: random } = await built.system();
  const counts = new Map<EventName, number>();
  const observer = { event: (name: EventName) => void counts.set(name, (counts.get(name) ?? 0) + 1) };
  const journal = await (await built.journal()).openJournal({ dataDir, instanceId: INSTANCE, clock, observer });
  const transport = (await built.transport()).createTransport({
    allowedPrivateHosts: ["localhost"],
    proxyFor: () => "",
  });
  const engine = (await built.engine()).createEngine(
    {
      clock,
      random,
      observer,
      transport,
      dpopNonces: (await built.dpopNonce()).createDpopNonces(),
      sealer: keyring,
      catalogue: (await built.catalogue()).createCatalogue(
        [],
        (await built.providerStore()).createProviderStore(database),
      ),
      clients: (await built.clientStore()).createClientStore(database),
      connections: (await built.connectionStore()).createConnectionStore(database),
      journal,
      pace: (await built.pace()).createPace({ clock, random, observer }),
      publicUrl: "http://localhost",
      instanceId: INSTANCE,
    },
    {
      instances: (await built.instanceStore()).createInstanceStore(database),
      sessions: (await built.connectSessionStore()).createConnectSessionStore(database),
      tokenReads: (await built.tokenReadStore()).createTokenReadStore(database),
      reauthorizationUrl: () => "http://localhost",
    },
  );
  await engine.heartbeat.start();
  engine.sweep.start();
  return {
    startRekeyer: async (resealing, rewrites) => {
      const sealed = (await built.sealedStore()).createSealedStore(database);
      const rekeyer = (await built.rekeyer()).createRekeyer({
        clock,
        observer,
        keyring: resealing,
        sealed: rewrites ? withNothingLeft(sealed) : sealed,
        rekeys: (await built.rekeyStore()).createRekeyStore(database),
        keys: { purge: async () => 0 },
        instanceId: INSTANCE,
        isGone: () => false,
        valuesPerSecond: Infinity,
        breathe: nextTurn,
      });
      rekeyer.start();
      return rekeyer;
    },
    count: (name) => counts.get(name) ?? 0,
    stop: async () => {
      await engine.sweep.stop();
      await engine.refresher.drain();
      await engine.heartbeat.stop();
      await journal.close();
      await transport.close();
    },
  };
}

function withNothingLeft(sealed: SealedStore): SealedStore {
  return { ...sealed, versions: async (tenantId) => sealed.versions(tenantId).then(() => new Map()) };
}
