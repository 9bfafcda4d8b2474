import { readKeyId } from "../../access/api-key.ts";
import { readSettings, type Settings } from "../../service/settings.ts";
import { StartError } from "../../service/start-error.ts";
import { fine, wrong, type Checked } from "./finding.ts";
import { startAdvice } from "./start-advice.ts";

const CHECK = "settings";

/** Read exactly as a start reads them. */
export function checkSettings(environment: NodeJS.ProcessEnv): Checked<Settings> {
  try {
    return judge(readSettings(environment));
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    const { found, next } = startAdvice(error.message);
    return bad(found, next);
  }
}

function judge(settings: Settings): Checked<Settings> {
  const { adminKey, dataDir, publicUrl } = settings;
  if (adminKey !== null && readKeyId(adminKey.reveal()) === null) {
    return bad("EVERGRANT_ADMIN_KEY is not an API key", "Make one with evergrant keys generate admin.");
  }
  return { finding: fine(CHECK, `data in ${dataDir}, public address ${publicUrl}`), value: settings };
}

function bad(found: string, next: string): Checked<Settings> {
  return { finding: wrong("settings", CHECK, found, next), value: null };
}
