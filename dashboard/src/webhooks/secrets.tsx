import { useMutation } from "@tanstack/react-query";
import { addWebhookSecret, retireWebhookSecret, type Endpoint } from "../api/webhooks.ts";
import { Card } from "../design/card.tsx";
import { Confirm } from "../design/confirm.tsx";
import { DialogButton } from "../design/dialog-button.tsx";
import { Form } from "../design/form.tsx";
import { ShownOnce } from "../design/shown-once.tsx";
import { Time } from "../design/time.tsx";
import styles from "./secrets.module.css";

type Secret = Endpoint["secrets"][number];

/** What messages are signed with; while there are two, with both. */
export function Secrets({ endpoint, mayWrite }: { endpoint: Endpoint; mayWrite: boolean }) {
  const { id, secrets } = endpoint;
  return (
    <Card title="Signing secrets">
      <ul className={styles["list"]}>
        {secrets.map((secret) => (
          <li key={secret.id} className={styles["secret"]}>
            <Age secret={secret} />
            {mayWrite && secret.retires_at !== null && (
              <Confirm
                action="Retire now"
                title="Erase this secret now?"
                consequence="Messages are signed with the newer one alone from now on. Receivers that know only this one refuse them."
                run={() => retireWebhookSecret(id, secret.id)}
              />
            )}
          </li>
        ))}
      </ul>
      {mayWrite && (
        <div>
          <DialogButton
            quiet
            action="Rotate the secret"
            title="Make a new signing secret?"
            description="Messages are signed with the new secret and the ones before for a day, so that your receivers can follow without losing any."
          >
            {() => <Rotating id={id} />}
          </DialogButton>
        </div>
      )}
    </Card>
  );
}

function Age({ secret: { id, created_at, retires_at } }: { secret: Secret }) {
  return (
    <span>
      {retires_at === null ? (
        <strong>Newest, made </strong>
      ) : (
        <>
          Ends <Time at={retires_at} />, made{" "}
        </>
      )}
      <Time at={created_at} /> <code className={styles["id"]}>{id}</code>
    </span>
  );
}

function Rotating({ id }: { id: string }) {
  const rotating = useMutation({ mutationFn: () => addWebhookSecret(id), gcTime: 0 });
  if (rotating.data) {
    return (
      <>
        <ShownOnce text={rotating.data.secret} what="the new secret" use="Add it to your receivers." />
        <p>
          The ones before end <Time at={rotating.data.others_retire_at} />.
        </p>
      </>
    );
  }
  return (
    <Form
      action="Make a new secret"
      submit={() => rotating.mutate()}
      busy={rotating.isPending}
      error={rotating.error}
    />
  );
}
