import type { Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";
import { asksService } from "../service/asks-service.ts";
import { createServiceClient, type ServiceClient } from "../service/service-client.ts";
import { wholeNumber } from "../whole-number.ts";
import { createVirtualRefreshToken, type VirtualRefreshTokenWish } from "./create-virtual-refresh-token.ts";
import { listVirtualRefreshTokens, type VirtualRefreshTokenFilter } from "./list-virtual-refresh-tokens.ts";
import { revokeVirtualRefreshToken } from "./revoke-virtual-refresh-token.ts";

interface ServiceOptions {
  url: string;
}

const LONGEST_LIFE_DAYS = 36_500;

export function addVirtualRefreshTokensCommand(program: Command, deps: CommandDeps): void {
  const tokens = program
    .command("virtual-refresh-tokens")
    .summary("refresh tokens that never rotate, for tools that can be told a token URL")
    .description(
      `Manages the virtual refresh tokens of a running service. Each stands for one connection, in
applications and tools that refresh by themselves at the token URL <service>/oauth/token.`,
    )
    .addHelpText("after", "\nExample:\n  evergrant virtual-refresh-tokens create con_01jd... --name airbyte");
  addCreate(tokens, deps);
  addList(tokens, deps);
  addRevoke(tokens, deps);
}

function addCreate(tokens: Command, deps: CommandDeps): void {
  const command = tokens
    .command("create")
    .summary("make a virtual refresh token")
    .description(
      `Makes a virtual refresh token for a connection and prints it, this once. It is redeemed
with the id and the text of an API key as client_id and client_secret.`,
    )
    .argument("<connection>", "id of the connection, con_...")
    .option("--name <name>", "what it is for")
    .option("--days <n>", "how long it lives (default: without end)", wholeNumber(1, LONGEST_LIFE_DAYS));
  asksService(command, "evergrant virtual-refresh-tokens create con_01jd... --name airbyte --days 365").action(
    (connection: string, { url, ...wish }: ServiceOptions & VirtualRefreshTokenWish) =>
      createVirtualRefreshToken(ask(deps, url), deps.output, { connection, ...wish }),
  );
}

function addList(tokens: Command, deps: CommandDeps): void {
  const command = tokens
    .command("list")
    .summary("virtual refresh tokens, with when they were last used")
    .description("Lists the virtual refresh tokens that live, oldest first. With --json one a line.")
    .option("--connection <id>", "only those of this connection")
    .option("--all", "also those that were revoked or have expired");
  asksService(command, "evergrant virtual-refresh-tokens list --connection con_01jd...").action(
    ({ url, ...filter }: ServiceOptions & VirtualRefreshTokenFilter) =>
      listVirtualRefreshTokens(ask(deps, url), deps.output, filter),
  );
}

function addRevoke(tokens: Command, deps: CommandDeps): void {
  const command = tokens
    .command("revoke")
    .summary("end a virtual refresh token at once")
    .description(
      `Ends a virtual refresh token at once and for good. Access tokens that it brought live on to
their end. Asks first on a terminal; anywhere else it needs --yes.`,
    )
    .argument("<id>", "id of the virtual refresh token, vrt_...")
    .option("--yes", "do not ask");
  asksService(command, "evergrant virtual-refresh-tokens revoke vrt_01jd... --yes").action(
    (id: string, { url, yes = false }: ServiceOptions & { yes?: boolean }) =>
      revokeVirtualRefreshToken(ask(deps, url), deps.output, { id, yes }),
  );
}

function ask({ environment }: CommandDeps, url: string): ServiceClient {
  return createServiceClient(url, environment);
}
