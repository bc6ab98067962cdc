"""Score a file of observations, and send what really happened: python score_a_file.py FILE LABELS

It asks the service at QUEUECAST_URL, else http://127.0.0.1:5000. Given again after anything broke,
it goes on where it stopped.
"""

from __future__ import annotations

import sys

from queuecast import Client


def main(observations: str, labels: str) -> None:
    """Send both files, and say what became of them."""
    with Client() as client:
        batch = client.wait_for_batch(client.batch(observations))
        print(f"{batch.succeeded} scored, {batch.duplicate} before, {batch.rejected} rejected")
        for result in client.results(batch):
            print(result["line"], result["id"], result["proba"])
        for reject in client.rejects(batch):
            print(f"line {reject['line']}: {reject['error']}", file=sys.stderr)
        labelled = client.wait_for_batch(client.label(labels))
        print(f"{labelled.succeeded} labelled, {labelled.rejected} rejected")


if __name__ == "__main__":
    main(*sys.argv[1:3])
