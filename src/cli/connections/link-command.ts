import type { Command } from "commander";
import { z } from "zod";
import type { CommandDeps } from "../command-deps.ts";
import { CommandFailure } from "../command-failure.ts";
import { asksService } from "../service/asks-service.ts";
import { createServiceClient, path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import { relativeTime } from "../terminal/relative-time.ts";

interface LinkOptions {
  url: string;
  mayChangeAccount?: boolean;
  revoke?: boolean;
}

const linkSchema = z.looseObject({ url: z.string(), expires_at: z.string() });

export function addLinkCommand(connections: Command, { output, environment }: CommandDeps): void {
  const command = connections
    .command("link")
    .summary("a link with which the account's user signs in again")
    .description(
      `Prints a link for the user of a connection's account. It leads to a page that says
what has happened and what comes next, and from there to the provider. With
--may-change-account its user may let another account take the place of this one;
otherwise another one is refused. With --revoke every link that was made before
leads nowhere any more.`,
    )
    .argument("<id>", "id of the connection, con_...")
    .option("--may-change-account", "another account may take the place of this one")
    .option("--revoke", "make no link, and revoke all that were made before");
  asksService(command, "evergrant connections link con_01jd...").action(
    async (id: string, { url, mayChangeAccount = false, revoke = false }: LinkOptions) => {
      if (mayChangeAccount && revoke) throw contradiction();
      const service = createServiceClient(url, environment);
      await (revoke ? revokeLinks(service, output, id) : makeLink(service, output, { id, mayChangeAccount }));
    },
  );
}

async function makeLink(
  service: ServiceClient,
  output: Output,
  { id, mayChangeAccount }: { id: string; mayChangeAccount: boolean },
): Promise<void> {
  const body = { account: mayChangeAccount ? "may_change" : "same" };
  const link = await service.ask({ method: "POST", path: linkPath(id), body }, linkSchema);
  output.result(link, () => link.url);
  output.remark(`It expires ${relativeTime(link.expires_at)}. Whoever has it may sign in with it.`);
}

async function revokeLinks(service: ServiceClient, output: Output, id: string): Promise<void> {
  await service.ask({ method: "DELETE", path: linkPath(id) }, z.undefined());
  output.result({ id, revoked: true }, () => `Revoked every link of ${id} that was made before.`);
}

function linkPath(id: string): string {
  return path`/v1/connections/${id}/reauthorization-link`;
}

function contradiction(): CommandFailure {
  return new CommandFailure({
    exit: "usage",
    code: "usage",
    detail: "--revoke makes no link.",
    next: "Revoke first, then ask for a link.",
  });
}
