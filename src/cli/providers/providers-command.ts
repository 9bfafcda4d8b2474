import type { Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";

export function addProvidersCommand(program: Command, deps: CommandDeps): void {
  const providers = program
    .command("providers")
    .summary("look into the catalogue of providers, and check an entry")
    .description("Shows what is known of each provider, and checks an entry before it is added. Asks nobody.")
    .addHelpText("after", "\nExample:\n  evergrant providers show google");
  addList(providers, deps);
  addShow(providers, deps);
  addCheck(providers, deps);
}

function addList(providers: Command, { output }: CommandDeps): void {
  providers
    .command("list")
    .summary("all providers of the catalogue")
    .description("Lists the catalogue: what each rotates, how long things live, and how sure the entry is.")
    .addHelpText("after", "\nExample:\n  evergrant providers list")
    .action(async () => {
      const { listProviders } = await import("./list-providers.ts");
      await listProviders(output);
    });
}

function addShow(providers: Command, { output }: CommandDeps): void {
  providers
    .command("show")
    .summary("one provider: what it wants, what goes wrong there, and where that is from")
    .description("Shows one entry of the catalogue. With --json the whole of it.")
    .argument("<id>", "id of the provider")
    .addHelpText("after", "\nExample:\n  evergrant providers show salesforce")
    .action(async (id: string) => {
      const { showProvider } = await import("./show-provider.ts");
      showProvider(output, id);
    });
}

function addCheck(providers: Command, { output }: CommandDeps): void {
  providers
    .command("check")
    .summary("say what is wrong with an entry in a file")
    .description(
      `Checks a file that holds one entry of the catalogue's shape: one of your own for
PUT /v1/providers/{id}, or one to contribute. Exits with 2 when it is not valid.`,
    )
    .argument("<file>", "JSON file with the entry")
    .addHelpText("after", "\nExample:\n  evergrant providers check acme.json")
    .action(async (file: string) => {
      const { checkProvider } = await import("./check-provider.ts");
      await checkProvider(output, file);
    });
}
