import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { changeConnection, type ConnectionDetail } from "../api/connection.ts";
import { Button } from "../design/button.tsx";
import { Dialog } from "../design/dialog.tsx";
import { Failure } from "../design/failure.tsx";
import { Field } from "../design/field.tsx";
import styles from "./labels.module.css";
import { parseLabels, printLabels } from "./label-text.ts";

/** Its labels, each of which leads to the connections that have it too. */
export function Labels({ connection, mayChange }: { connection: ConnectionDetail; mayChange: boolean }) {
  const labels = printLabels(connection.labels);
  return (
    <div className={styles["labels"]}>
      <h3>Labels</h3>
      {labels.length === 0 ? (
        <p className={styles["none"]}>None. Labels let you find connections, by customer or plan for instance.</p>
      ) : (
        <ul className={styles["list"]}>
          {labels.map((label) => (
            <li key={label}>
              <Link to="/connections" search={{ label }} className={styles["label"]}>
                {label}
              </Link>
            </li>
          ))}
        </ul>
      )}
      {mayChange && <Editing connection={connection} />}
    </div>
  );
}

function Editing({ connection }: { connection: ConnectionDetail }) {
  const [open, setOpen] = useState(false);
  return (
    <Dialog
      trigger={<Button quiet>Change the labels</Button>}
      title="Labels"
      description="One a line, as name:value."
      open={open}
      onOpenChange={setOpen}
    >
      <Form connection={connection} done={() => setOpen(false)} />
    </Dialog>
  );
}

function Form({ connection: { id, labels }, done }: { connection: ConnectionDetail; done: () => void }) {
  const [text, setText] = useState(() => printLabels(labels).join("\n"));
  const [problem, setProblem] = useState<string>();
  const saving = useMutation({
    mutationFn: (chosen: Record<string, string>) => changeConnection(id, { labels: chosen }),
    onSuccess: done,
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const read = parseLabels(text);
    if ("problem" in read) return setProblem(read.problem);
    setProblem(undefined);
    saving.mutate(read.labels);
  };
  return (
    <form onSubmit={submit} className={styles["form"]}>
      <Field label="Labels" error={problem}>
        {(field, described) => (
          <textarea
            id={field}
            aria-describedby={described}
            rows={6}
            value={text}
            onChange={({ target }) => setText(target.value)}
          />
        )}
      </Field>
      {saving.isError && <Failure error={saving.error} />}
      <Button type="submit" busy={saving.isPending}>
        Save the labels
      </Button>
    </form>
  );
}
