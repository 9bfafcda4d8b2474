import { getProxyForUrl } from "proxy-from-env";
import { createTransport } from "../../network/transport.ts";
import type { Settings } from "../../service/settings.ts";
import type { Database } from "../../store/database.ts";
import { checkAddress } from "./check-address.ts";
import { checkClock } from "./check-clock.ts";
import { checkDatabase } from "./check-database.ts";
import { checkDisk } from "./check-disk.ts";
import { checkProviders } from "./check-providers.ts";
import { checkRestore } from "./check-restore.ts";
import { checkRootKey } from "./check-root-key.ts";
import { checkSecrets } from "./check-secrets.ts";
import { checkSettings } from "./check-settings.ts";
import { warning, type Finding } from "./finding.ts";
import { reachProviders } from "./reach-providers.ts";

/** All checks, in the order in which a start would meet what is wrong. Makes and changes nothing. */
export async function examine(environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  const { finding, value: settings } = checkSettings(environment);
  if (settings === null) return [finding];
  const { findings: stored, value: database } = await checkDatabase(settings.database);
  try {
    return [
      finding,
      ...stored,
      await checkDisk(settings),
      database === null ? unchecked("root key") : await checkRootKey(settings, database),
      ...(database === null ? [] : await checkRestore(settings, database)),
      ...(database === null ? [] : await checkSecrets(database)),
      await checkAddress(settings),
      ...(database === null ? [unchecked("provider")] : await checkNetwork(settings, database)),
    ];
  } finally {
    await database?.close();
  }
}

async function checkNetwork({ allowedPrivateHosts }: Settings, database: Database): Promise<Finding[]> {
  const transport = createTransport({ allowedPrivateHosts, proxyFor: getProxyForUrl });
  try {
    const visits = await reachProviders(transport, database);
    return [...checkProviders(visits), ...checkClock(visits)];
  } finally {
    await transport.close();
  }
}

function unchecked(check: string): Finding {
  return warning(check, "not checked, because the database cannot be opened", "Run this again when it can.");
}
