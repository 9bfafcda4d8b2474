import type { ConnectPorts } from "../connect/ports.ts";
import type { SecurityEventPorts } from "../security-event/ports.ts";
import { createTransmitterKeys } from "../security-event/transmitter.ts";
import type { OpenedDatabase } from "../store/database.ts";
import { createSecurityEventReceiverStore } from "../store/security-event-receivers.ts";
import { createSecurityEventStore } from "../store/security-events.ts";

/** What receiving security events works with. Nobody calls with a key here, so each event sees only its client's tenant. */
export function createSecurityEventPorts(
  ports: ConnectPorts,
  { database, changed }: { database: OpenedDatabase; changed: SecurityEventPorts["changed"] },
): SecurityEventPorts {
  return {
    ...ports,
    keys: createTransmitterKeys(ports.transport, ports.clock),
    receivers: createSecurityEventReceiverStore(database),
    eventsOf: (tenantId) => createSecurityEventStore(database.forTenant(tenantId)),
    changed,
  };
}
