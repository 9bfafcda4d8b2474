import type { Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";
import { asksService } from "../service/asks-service.ts";
import { createServiceClient } from "../service/service-client.ts";
import { minTtlOption } from "../token/min-ttl.ts";
import { readDescription } from "./credential-description.ts";
import { eraseCredential } from "./erase-credential.ts";
import { getCredential, type CredentialOptions } from "./get-credential.ts";
import { isMeant } from "./is-meant.ts";

interface GitCredentialOptions extends CredentialOptions {
  url: string;
  host?: string;
}

export function addGitCredentialCommand(program: Command, { output, input, environment }: CommandDeps): void {
  const command = program
    .command("git-credential")
    .summary("give git an access token instead of a password")
    .description(
      `A credential helper: git runs it when a server asks for a password, and again when
the server refused that, which is reported, so that the next try has a newer token.
It keeps nothing. A token goes to no server without TLS, except on this machine.`,
    )
    .argument("<operation>", "get, store or erase; git adds it")
    .requiredOption("--connection <id>", "id of the connection, con_...")
    .option("--host <host>", "answer for this host only, with its port if git names one")
    .option("--username <name>", "user name beside the token (default: the one in git's URL, or oauth2)")
    .addOption(minTtlOption());
  const example =
    "git config --global credential.https://git.example.com.helper '!evergrant git-credential --connection con_01jd...'";
  asksService(command, example).action(async (operation: string, { url, host, ...options }: GitCredentialOptions) => {
    // A helper is silent about operations that it does not know (gitcredentials(7)), and has nothing to store.
    if (operation !== "get" && operation !== "erase") return;
    const wanted = await readDescription(input);
    if (!isMeant(wanted, host, output)) return;
    const service = () => createServiceClient(url, environment);
    await (operation === "get" ? getCredential : eraseCredential)({ service, output }, wanted, options);
  });
}
