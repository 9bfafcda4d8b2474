import { Copy } from "../design/copy.tsx";
import styles from "./keys.module.css";

/** docs/keys.md, "Another root key". */
export function RootKeySteps() {
  return (
    <details className={styles["steps"]}>
      <summary>How to change the root key</summary>
      <p>With several processes, each step is taken by all of them before the next begins.</p>
      <ol>
        <li>
          Make another key. <Copy text="evergrant keys generate root > new.key" label="the command" />
        </li>
        <li>
          Start every process with the new key beside the old one. One process alone can leave this step out.{" "}
          <Copy text="EVERGRANT_OLD_ROOT_KEY_FILES=new.key" label="the setting" />
        </li>
        <li>
          Let them change places, and start every process again.{" "}
          <Copy
            text="EVERGRANT_ROOT_KEY_FILE=new.key EVERGRANT_OLD_ROOT_KEY_FILES=old.key"
            label="the settings of the new key"
          />
        </li>
        <li>
          Wrap all tenant keys with it: with the button that is then here, or{" "}
          <Copy text="evergrant keys rotate-root" label="the command that wraps them" />
        </li>
        <li>
          When no older root key is shown here, start without the setting of old keys. Keep the old key for as long as
          you keep backups from before.
        </li>
      </ol>
    </details>
  );
}
