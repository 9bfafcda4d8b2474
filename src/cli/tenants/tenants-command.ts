import { InvalidArgumentError, Option, type Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";
import { asksService } from "../service/asks-service.ts";
import { createServiceClient, type ServiceClient } from "../service/service-client.ts";
import { addTenant } from "./add-tenant.ts";
import { deleteTenant } from "./delete-tenant.ts";
import { editTenant, type TenantEdit } from "./edit-tenant.ts";
import { listTenants } from "./list-tenants.ts";
import { showTenant } from "./show-tenant.ts";
import { LIMIT_NAMES, type Limits, type TenantWish } from "./tenant-wish.ts";

interface ServiceOptions {
  url: string;
}

const ID = "id of the tenant, ten_...";
const NAME = "what people call it";
const LARGEST = 1_000_000_000;

export function addTenantsCommand(program: Command, deps: CommandDeps): void {
  const tenants = program
    .command("tenants")
    .summary("list, show, add, edit and delete tenants")
    .description(
      `Manages customers of a running service whose clients, connections and keys are kept
apart. It takes an admin key of the operator, in EVERGRANT_API_KEY.`,
    )
    .addHelpText("after", "\nExample:\n  evergrant tenants add --name Acme");
  addList(tenants, deps);
  addShow(tenants, deps);
  addAdd(tenants, deps);
  addEdit(tenants, deps);
  addDelete(tenants, deps);
}

function addList(tenants: Command, deps: CommandDeps): void {
  const command = tenants
    .command("list")
    .summary("all tenants")
    .description("Lists the tenants, oldest first. With --json one tenant a line.");
  asksService(command, "evergrant tenants list").action(({ url }: ServiceOptions) =>
    listTenants(ask(deps, url), deps.output),
  );
}

function addShow(tenants: Command, deps: CommandDeps): void {
  const command = tenants
    .command("show")
    .summary("one tenant, with its limits and how much it has")
    .description("Shows a tenant, its address, and how much it has of what it may have.")
    .argument("<id>", ID);
  asksService(command, "evergrant tenants show ten_01jd...").action((id: string, { url }: ServiceOptions) =>
    showTenant(ask(deps, url), deps.output, id),
  );
}

function addAdd(tenants: Command, deps: CommandDeps): void {
  const command = tenants
    .command("add")
    .summary("add a tenant")
    .description(
      `Adds a tenant and prints its id. Its first API key is made with
evergrant api-keys create --tenant.`,
    )
    .requiredOption("--name <name>", NAME)
    .option("--public-url <url>", "where its users reach the service, if not where others do")
    .addOption(limitOption());
  asksService(command, "evergrant tenants add --name Acme --limit connections=500").action(
    ({ url, ...wish }: ServiceOptions & TenantWish) => addTenant(ask(deps, url), deps.output, wish),
  );
}

function addEdit(tenants: Command, deps: CommandDeps): void {
  const command = tenants
    .command("edit")
    .summary("change a tenant's name, address or limits")
    .description(
      `Changes what is said, and nothing else. With another address, clients keep the
redirect URIs that they have, unless --redirect-uris change says otherwise.`,
    )
    .argument("<id>", ID)
    .option("--name <name>", NAME)
    .option("--public-url <url>", 'where its users reach the service; "none" for where others do')
    .addOption(new Option("--redirect-uris <what>", "of its clients").choices(["keep", "change"]))
    .addOption(limitOption());
  asksService(command, "evergrant tenants edit ten_01jd... --limit clients=none").action(
    (id: string, { url, ...edit }: ServiceOptions & TenantEdit) => editTenant(ask(deps, url), deps.output, id, edit),
  );
}

function addDelete(tenants: Command, deps: CommandDeps): void {
  const command = tenants
    .command("delete")
    .summary("delete a tenant and its keys for good")
    .description(
      `Deletes a tenant: its API keys end, its connections are disconnected, and its keys are
deleted, so that none of its tokens and client secrets in this database can ever be
opened again. Providers are told nothing.`,
    )
    .argument("<id>", ID)
    .option("--confirm <name>", "the name of the tenant");
  asksService(command, "evergrant tenants delete ten_01jd... --confirm Acme").action(
    (id: string, { url, confirm }: ServiceOptions & { confirm?: string }) =>
      deleteTenant(ask(deps, url), deps.output, { id, confirm }),
  );
}

function limitOption(): Option {
  const names = Object.keys(LIMIT_NAMES).join(", ");
  return new Option("--limit <limit>", `how much it may have, as clients=10 or clients=none; may be repeated: ${names}`)
    .argParser(collectLimit)
    .default({}, "none");
}

function collectLimit(text: string, before: Limits): Limits {
  const [, name = "", value = ""] = /^([a-z-]+)=(none|\d{1,10})$/.exec(text) ?? [];
  const field = LIMIT_NAMES[name];
  const most = value === "none" ? null : Number(value);
  if (field === undefined || (most !== null && most > LARGEST)) {
    throw new InvalidArgumentError(
      `It has to be one of ${Object.keys(LIMIT_NAMES).join(", ")}, with = and a whole number or none.`,
    );
  }
  return { ...before, [field]: most };
}

function ask({ environment }: CommandDeps, url: string): ServiceClient {
  return createServiceClient(url, environment);
}
