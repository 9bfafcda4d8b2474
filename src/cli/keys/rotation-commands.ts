import { Option, type Command } from "commander";
import { DEFAULT_TENANT } from "../../access/store.ts";
import { rootRotatedSchema, tenantKeysSchema } from "../../api/routes/keys.ts";
import type { CommandDeps } from "../command-deps.ts";
import { asksService } from "../service/asks-service.ts";
import { createServiceClient, path } from "../service/service-client.ts";
import { wholeNumber } from "../whole-number.ts";
import { describeTenant, showKeys } from "./key-status.ts";
import { rotateTenant } from "./rotate-tenant.ts";
import { shredTenant } from "./shred-tenant.ts";

interface TenantOptions {
  url: string;
  tenant: string;
}

const LARGEST_VERSION = 4_294_967_295;

export function addRotationCommands(keys: Command, deps: CommandDeps): void {
  addStatus(keys, deps);
  addRotateRoot(keys, deps);
  addRotateTenant(keys, deps);
  addRetire(keys, deps);
  addShred(keys, deps);
}

function ofTenant(command: Command): Command {
  return command.addOption(new Option("--tenant <id>", "whose key").default(DEFAULT_TENANT));
}

function addStatus(keys: Command, { output, environment }: CommandDeps): void {
  const command = keys
    .command("status")
    .summary("which keys there are, and what needs them")
    .description("Shows the root key by its fingerprint, the versions of a tenant's key, and how far a rekey is.");
  asksService(ofTenant(command), "evergrant keys status").action(({ url, tenant }: TenantOptions) =>
    showKeys(createServiceClient(url, environment), output, tenant),
  );
}

function addRotateRoot(keys: Command, { output, environment }: CommandDeps): void {
  const command = keys
    .command("rotate-root")
    .summary("wrap all tenant keys with the service's root key")
    .description(
      `Wraps all tenant keys with the root key that the service has now. It needs the
older one beside it, in EVERGRANT_OLD_ROOT_KEY_FILES; docs/keys.md has the steps.`,
    );
  asksService(command, "evergrant keys rotate-root").action(async ({ url }: { url: string }) => {
    const service = createServiceClient(url, environment);
    const result = await service.ask({ method: "POST", path: path`/v1/keys/root/rotate` }, rootRotatedSchema);
    output.result(result, () => `${result.rewrapped} tenant keys were wrapped with ${result.fingerprint}.`);
  });
}

function addRotateTenant(keys: Command, { output, environment }: CommandDeps): void {
  const command = keys
    .command("rotate-tenant")
    .summary("make a new version of a tenant's key, and seal everything with it")
    .description(
      `Makes a new version of a tenant's key, and seals all that the tenant has with it,
while everything goes on. With --wait, shows how far it is until it is done; it goes
on without this command too.`,
    )
    .option("--wait", "until everything is sealed with it", false);
  asksService(ofTenant(command), "evergrant keys rotate-tenant --wait").action(
    ({ url, tenant, wait }: TenantOptions & { wait: boolean }) =>
      rotateTenant(createServiceClient(url, environment), output, { tenant, wait }),
  );
}

function addRetire(keys: Command, { output, environment }: CommandDeps): void {
  const command = keys
    .command("retire")
    .summary("retire a version that nothing needs any more")
    .description("Retires a version of a tenant's key that nothing is sealed with. It is deleted eight days later.")
    .argument("<version>", "which version", wholeNumber(1, LARGEST_VERSION));
  asksService(ofTenant(command), "evergrant keys retire 1").action(
    async (version: number, { url, tenant }: TenantOptions) => {
      const retire = path`/v1/keys/tenants/${tenant}/versions/${String(version)}/retire`;
      const result = await createServiceClient(url, environment).ask(
        { method: "POST", path: retire },
        tenantKeysSchema,
      );
      output.result(result, () => describeTenant(result, output).join("\n"));
    },
  );
}

function addShred(keys: Command, { output, environment }: CommandDeps): void {
  const command = keys
    .command("shred")
    .summary("delete all keys of a tenant for good")
    .description(
      `Deletes all keys of a tenant: none of its tokens and client secrets in this
database can ever be opened again. A backup from before still holds the keys, wrapped
by the root key of that time.`,
    )
    .requiredOption("--tenant <id>", "whose keys")
    .option("--confirm <id>", "the same id once more");
  asksService(command, "evergrant keys shred --tenant ten_1 --confirm ten_1").action(
    ({ url, tenant, confirm }: TenantOptions & { confirm?: string }) =>
      shredTenant(createServiceClient(url, environment), output, { tenant, confirm }),
  );
}
