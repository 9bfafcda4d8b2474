import { Option, type Command } from "commander";
import { INCIDENT_STATES } from "../../incident/incident.ts";
import type { CommandDeps } from "../command-deps.ts";
import { asksService } from "../service/asks-service.ts";
import { createServiceClient, type ServiceClient } from "../service/service-client.ts";
import { acknowledgeIncident } from "./acknowledge-incident.ts";
import { listIncidents, type ListFilter } from "./list-incidents.ts";
import { showIncident } from "./show-incident.ts";

interface ServiceOptions {
  url: string;
}

const ID = "id of the incident, inc_...";

export function addIncidentsCommand(program: Command, deps: CommandDeps): void {
  const incidents = program
    .command("incidents")
    .summary("list, show and acknowledge incidents")
    .description("Works on failures that belong together, of a running service.")
    .addHelpText("after", "\nExample:\n  evergrant incidents list --state open");
  addList(incidents, deps);
  addShow(incidents, deps);
  addAcknowledge(incidents, deps);
}

function addList(incidents: Command, deps: CommandDeps): void {
  const command = incidents
    .command("list")
    .summary("incidents, newest first")
    .description("Lists incidents with how many connections are in them. With --json one incident a line.")
    .addOption(new Option("--state <state>", "only those in it").choices(INCIDENT_STATES))
    .option("--tenant <id>", "of this tenant, with a key of the operator");
  asksService(command, "evergrant incidents list --state open").action(
    ({ url, ...filter }: ServiceOptions & ListFilter) => listIncidents(ask(deps, url), deps.output, filter),
  );
}

function addShow(incidents: Command, deps: CommandDeps): void {
  const command = incidents
    .command("show")
    .summary("one incident, with what it rests on")
    .description("Shows what failed, why, who can help, and the connections in it. With --json all of them.")
    .argument("<id>", ID);
  asksService(command, "evergrant incidents show inc_01jd...").action((id: string, { url }: ServiceOptions) =>
    showIncident(ask(deps, url), deps.output, id),
  );
}

function addAcknowledge(incidents: Command, deps: CommandDeps): void {
  const command = incidents
    .command("acknowledge")
    .summary("say that somebody looks after it")
    .description("Marks an incident as seen. It is resolved by itself when it is over.")
    .argument("<id>", ID);
  asksService(command, "evergrant incidents acknowledge inc_01jd...").action((id: string, { url }: ServiceOptions) =>
    acknowledgeIncident(ask(deps, url), deps.output, id),
  );
}

function ask({ environment }: CommandDeps, url: string): ServiceClient {
  return createServiceClient(url, environment);
}
