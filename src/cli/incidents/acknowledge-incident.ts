import { incidentSchema } from "../../api/incident-view.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";

export async function acknowledgeIncident(service: ServiceClient, output: Output, id: string): Promise<void> {
  const address = path`/v1/incidents/${id}/acknowledge`;
  const incident = await service.ask({ method: "POST", path: address }, incidentSchema);
  output.result(incident, () => `${incident.id} is ${incident.state}.`);
}
