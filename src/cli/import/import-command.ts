import { Option, type Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";
import { HANDOVER_STATES } from "../../connect/handover.ts";
import { asksService } from "../service/asks-service.ts";
import { wholeNumber } from "../whole-number.ts";
import { createServiceClient } from "../service/service-client.ts";
import { showHandover, type HandoverFilter } from "./show-handover.ts";
import { importConnections, type ImportOptions } from "./import-connections.ts";
import { SOURCE_NAMES, SOURCES, type SourceName } from "./sources.ts";

const MOST_PER_SECOND = 1000;

export function addImportCommand(program: Command, deps: CommandDeps): void {
  const imports = program
    .command("import")
    .summary("bring connections from elsewhere")
    .description(
      `Brings connections with their refresh tokens from another system into a running
service. What held them before has to stop refreshing them.`,
    )
    .addHelpText("after", "\nExample:\n  evergrant import file connections.csv --client crm=cli_01jd... --dry-run");
  for (const name of SOURCE_NAMES) addSource(imports, deps, name);
  addHandover(imports, deps);
}

function addHandover(imports: Command, { output, environment }: CommandDeps): void {
  const command = imports
    .command("handover")
    .summary("whether the previous owners of what was imported have stopped")
    .description(
      `Lists imported connections with how far they are handed over: untouched,
refreshed_once, ours, contested or ended. With --json one connection a line.`,
    )
    .option("--client <id>", "only those of this client, cli_...")
    .addOption(new Option("--state <state>", "only those in it").choices(HANDOVER_STATES));
  asksService(command, "evergrant import handover --state contested").action(
    ({ url, ...filter }: { url: string } & HandoverFilter) =>
      showHandover(createServiceClient(url, environment), output, filter),
  );
}

function addSource(imports: Command, deps: CommandDeps, name: SourceName): void {
  const { summary, reads, example } = SOURCES[name];
  const command = imports
    .command(name)
    .summary(summary)
    .description(`${reads}\n\n${WHAT_IT_DOES}`)
    .argument("<from>", "where it is")
    .addOption(
      new Option("--client <theirs=id>", "which of our clients theirs is").argParser(collect).default([], "none"),
    )
    .addOption(
      new Option("--only <theirs>", "only rows of this client of theirs").argParser(collect).default([], "all"),
    )
    .option("--table <name>", "of a database: the table, where it is not called as usual")
    .addOption(new Option("--dry-run", "say what would be done, and do nothing").conflicts(["verify", "checkSource"]))
    .option("--verify", "refresh each at once, and adopt nothing that the provider refuses")
    .addOption(
      new Option("--check-source", "say whether the other system still refreshes what was imported").conflicts(
        "verify",
      ),
    )
    .option("--per-second <n>", "rows begun in a second at most", wholeNumber(1, MOST_PER_SECOND))
    .option("--report <file>", `where each row's verdict is written (default: evergrant-import-${name}.jsonl)`)
    .option("--resume", "go on from the report of a run that ended early");
  asksService(command, example).action(async (from: string, options: ImportOptions) => {
    const interrupt = new AbortController();
    const stop = (): void => interrupt.abort();
    process.once("SIGINT", stop);
    try {
      deps.exitWith(await importConnections(deps, { name, from, options, signal: interrupt.signal }));
    } finally {
      process.off("SIGINT", stop);
    }
  });
}

const WHAT_IT_DOES = `--client says which of our clients theirs is, --dry-run what would be done. Every row
has a verdict of its own, and a report lists them. Exits with 1 when some were not
imported.`;

function collect(value: string, earlier: string[]): string[] {
  return [...earlier, value];
}
