import { z } from "zod";
import type { KeyStore } from "../../access/key-store.ts";
import type { Rekey, RekeyStore } from "../../access/rekey-store.ts";
import type { SealedStore } from "../../access/sealed-store.ts";
import { DEFAULT_TENANT } from "../../access/store.ts";
import type { Caller } from "../../access/authenticator.ts";
import { INSTALLATION, NAMING_VERSION } from "../../access/key-store.ts";
import { MINUTE } from "../../runtime/clock.ts";
import type { Observer } from "../../runtime/observer.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { actOf, type Acting } from "../acts.ts";
import { callerOf, type ForCaller } from "../guard.ts";
import { requireOperator } from "../operator.ts";
import { rekeySchema, rekeyView } from "../rekey-view.ts";
import type { App } from "../server.ts";
import { failures, secured, time, toTime, toTimeOrNull } from "../wire.ts";

/** What rotates keys; `keyring/keyring.ts` does. */
export interface RotatingKeys {
  readonly rootFingerprint: string;
  /** Both change the keys through the store that they are given. */
  rewrapAll(through: KeyStore): Promise<number>;
  rotate(tenantId: string, through: KeyStore): Promise<number>;
  forget(tenantId: string): void;
}

export interface KeyRouteDeps {
  keys: KeyStore;
  keyring: RotatingKeys;
  sealed: SealedStore;
  rekeys: RekeyStore;
  observer: Observer;
  acting: Acting;
}

export const tenantKeysSchema = z
  .object({
    tenant: z.string(),
    versions: z.array(
      z.object({
        version: z.int(),
        created_at: time,
        retired_at: time.nullable(),
        values: z.int().describe("Sealed values that need this version"),
      }),
    ),
    rekey: rekeySchema.nullable(),
  })
  .meta({ id: "TenantKeys" });

export const rootKeysSchema = z
  .object({
    fingerprint: z.string().describe("Of the root key that wraps from now on"),
    wraps: z.record(z.string(), z.int()).describe("How many tenant keys each root key wraps, by fingerprint"),
  })
  .meta({ id: "RootKeys" });

export const rootRotatedSchema = rootKeysSchema.extend({ rewrapped: z.int() }).meta({ id: "RootKeyRotated" });

export const shreddedSchema = z.object({ deleted: z.int() }).meta({ id: "ShreddedKeys" });

const tenantParams = z.object({ tenant: z.string().max(100) });
const versionParams = tenantParams.extend({ version: z.coerce.number().int().min(1).max(4_294_967_295) });

export function keyRoutes(app: App, depsFor: ForCaller<KeyRouteDeps>): void {
  rootRoutes(app, depsFor);
  tenantRoutes(app, depsFor);
  progressRoute(app, depsFor);
  endRoutes(app, depsFor);
}

function rootRoutes(app: App, depsFor: ForCaller<KeyRouteDeps>): void {
  const view = async ({ keys, keyring }: KeyRouteDeps) => ({
    fingerprint: keyring.rootFingerprint,
    wraps: Object.fromEntries(await keys.wrappedBy()),
  });

  app.get(
    "/v1/keys/root",
    {
      config: { scope: "admin" },
      schema: {
        summary: "The root key, by its fingerprint",
        security: secured,
        response: { 200: rootKeysSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      requireOperator(caller, OPERATORS);
      return view(depsFor(caller));
    },
  );

  app.post(
    "/v1/keys/root/rotate",
    {
      config: { scope: "admin" },
      schema: {
        summary: "Wrap all tenant keys with the service's root key",
        description:
          "What is sealed stays as it is, so this takes a moment whatever its size. docs/keys.md has the steps.",
        security: secured,
        response: { 200: rootRotatedSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      requireOperator(caller, OPERATORS);
      const deps = depsFor(caller);
      const { keyring, observer, acting } = deps;
      const act = actOf(request, "root_key.rotated", null, { fingerprint: keyring.rootFingerprint });
      const { tenantKeys } = acting(act);
      const rewrapped = await keyring.rewrapAll(tenantKeys);
      await tenantKeys.forgetRootKeysBut(keyring.rootFingerprint);
      observer.event("key.rotated", { key: "root", fingerprint: keyring.rootFingerprint, rewrapped });
      return { ...(await view(deps)), rewrapped };
    },
  );
}

function tenantRoutes(app: App, depsFor: ForCaller<KeyRouteDeps>): void {
  app.get(
    "/v1/keys/tenants/:tenant",
    {
      config: { scope: "admin" },
      schema: {
        summary: "The versions of a tenant's key, and what needs each",
        security: secured,
        params: tenantParams,
        response: { 200: tenantKeysSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      return describe(depsFor(caller), tenantOf(request.params.tenant, caller));
    },
  );

  app.post(
    "/v1/keys/tenants/:tenant/rotate",
    {
      config: { scope: "admin" },
      schema: {
        summary: "Make a new version of a tenant's key, and seal everything with it",
        description: "Everything goes on meanwhile. The answer comes at once; GET says how far it is.",
        security: secured,
        params: tenantParams,
        response: { 202: tenantKeysSchema, ...failures },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const tenantId = tenantOf(request.params.tenant, caller);
      const deps = depsFor(caller);
      const { keyring, sealed, rekeys, observer, acting } = deps;
      await existing(deps, tenantId);
      const act = { ...actOf(request, "tenant_key.rotated", tenantId), tenantId };
      const version = await keyring.rotate(tenantId, acting(act).tenantKeys);
      const versions = [...(await sealed.versions(tenantId))];
      const total = versions.reduce((sum, [each, count]) => (each < version ? sum + count : sum), 0);
      await rekeys.begin(tenantId, version, total);
      observer.event("key.rotated", { key: "tenant", tenantId, version });
      return reply.status(202).send(await describe(deps, tenantId));
    },
  );
}

function progressRoute(app: App, depsFor: ForCaller<KeyRouteDeps>): void {
  app.get(
    "/v1/keys/tenants/:tenant/rekey",
    {
      config: { scope: "admin" },
      schema: {
        summary: "How far everything is sealed with a tenant's newest key, and how fast that goes",
        description: "Of the last rotation. Unlike the versions with their counts, it can be asked every second.",
        security: secured,
        params: tenantParams,
        response: { 200: rekeySchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { rekeys } = depsFor(caller);
      const rekey = await rekeyOf(rekeys, tenantOf(request.params.tenant, caller));
      if (!rekey) throw new ServiceError("not_found", "That tenant's key was never rotated.");
      return rekeyView(rekey);
    },
  );
}

/** Long enough for every instance to have learned of the newer version, and to have stored what it had sealed before. */
const GRACE = 2 * MINUTE;

function endRoutes(app: App, depsFor: ForCaller<KeyRouteDeps>): void {
  app.post(
    "/v1/keys/tenants/:tenant/versions/:version/retire",
    {
      config: { scope: "admin" },
      schema: {
        summary: "Retire a version that nothing needs any more",
        description: "It is kept for eight days, because a journal may hold what it sealed, and then deleted.",
        security: secured,
        params: versionParams,
        response: { 200: tenantKeysSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const tenantId = tenantOf(request.params.tenant, caller);
      const deps = depsFor(caller);
      const { observer, acting } = deps;
      const { version } = request.params;
      const act = { ...actOf(request, "tenant_key.retired", tenantId, { version }), tenantId };
      const result = await acting(act).tenantKeys.retire(tenantId, version, GRACE);
      if (result === "unknown") throw new ServiceError("not_found", "There is no such version of that tenant's key.");
      if (result !== "retired") throw new ServiceError("conflict", WHY_NOT[result]);
      observer.event("key.retired", { tenantId, version });
      return describe(deps, tenantId);
    },
  );

  app.delete(
    "/v1/keys/tenants/:tenant",
    {
      config: { scope: "admin" },
      schema: {
        summary: "Delete a tenant's keys for good: nothing that they sealed can ever be opened again",
        security: secured,
        params: tenantParams,
        body: z.strictObject({ confirm: z.string().max(100).describe("The tenant's id, once more") }),
        response: { 200: shreddedSchema, ...failures },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const tenantId = tenantOf(request.params.tenant, caller);
      if (request.body.confirm !== tenantId) {
        throw new ServiceError(
          "invalid_request",
          "confirm: has to be the id of the tenant whose keys are to be deleted.",
        );
      }
      const deps = depsFor(caller);
      const { keyring, observer, acting } = deps;
      await existing(deps, tenantId);
      const act = { ...actOf(request, "tenant_keys.shredded", tenantId), tenantId };
      const deleted = await acting(act).tenantKeys.shred(tenantId);
      keyring.forget(tenantId);
      observer.event("key.shredded", { tenantId, deleted });
      return { deleted };
    },
  );
}

const WHY_NOT = {
  newest: "It is the newest version, or was until a moment ago. Rotate first, and try again in two minutes.",
  in_use: "Something is still sealed with it. GET says how much; it becomes less until the rekey is finished.",
} as const;

async function describe({ keys, sealed, rekeys }: KeyRouteDeps, tenantId: string) {
  const [stored, values, rekey] = await Promise.all([
    keys.tenantKeys(tenantId),
    sealed.versions(tenantId),
    rekeyOf(rekeys, tenantId),
  ]);
  const versions = stored.filter(({ version }) => version !== NAMING_VERSION);
  return {
    tenant: tenantId,
    versions: versions.map(({ version, createdAt, retiredAt }) => ({
      version,
      created_at: toTime(createdAt),
      retired_at: toTimeOrNull(retiredAt),
      values: values.get(version) ?? 0,
    })),
    rekey: rekey ? rekeyView(rekey) : null,
  };
}

async function rekeyOf(rekeys: RekeyStore, tenantId: string): Promise<Rekey | undefined> {
  return (await rekeys.list()).find((each) => each.tenantId === tenantId);
}

async function existing({ keys }: KeyRouteDeps, tenantId: string): Promise<void> {
  const stored = await keys.tenantKeys(tenantId);
  if (stored.length === 0) throw new ServiceError("not_found", "There are no keys of such a tenant.");
}

/**
 * Keys of the first tenant's administrators reach those of every tenant; others only their own. Nobody reaches those of the
 * installation: with them every API key and link would end.
 */
function tenantOf(tenantId: string, caller: Caller): string {
  const isOpen = caller.tenantId === DEFAULT_TENANT && tenantId !== INSTALLATION;
  if (isOpen || caller.tenantId === tenantId) return tenantId;
  throw new ServiceError("not_found", "There are no keys of such a tenant.");
}

const OPERATORS = "The root key is the operator's: this takes a key of the first tenant.";
