import { useMutation } from "@tanstack/react-query";
import { testEndpoint, type Tested } from "../api/webhooks.ts";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { Failure } from "../design/failure.tsx";
import { codeWords } from "./code-words.ts";

export function TestEndpoint({ id }: { id: string }) {
  const testing = useMutation({ mutationFn: () => testEndpoint(id) });
  return (
    <Card title="Test">
      <p>Sends a message that says nothing, once, and tells what came of it.</p>
      <div>
        <Button busy={testing.isPending} onClick={() => testing.mutate()}>
          Send a test
        </Button>
      </div>
      {testing.isError && <Failure error={testing.error} />}
      <output>{testing.data && outcomeOf(testing.data)}</output>
    </Card>
  );
}

function outcomeOf({ delivered, status, code, duration_ms }: Tested): string {
  if (delivered) return `It arrived: the answer was ${status}, after ${duration_ms} ms.`;
  return `It did not arrive: ${codeWords(code, status)}`;
}
