"""Takes Portico's webhooks: verified, each one once.

pip install flask standardwebhooks
WEBHOOK_SECRET=whsec_… python receiver.py
"""

import os

from flask import Flask, request
from standardwebhooks import Webhook, WebhookVerificationError

app = Flask(__name__)
webhook = Webhook(os.environ["WEBHOOK_SECRET"])
# In a product this is a table with a unique column, written in the same commit as what you do.
seen = set()


@app.post("/webhooks")
def take():
    try:
        event = webhook.verify(request.get_data(), dict(request.headers))
    except WebhookVerificationError:
        return "", 401
    if request.headers["webhook-id"] not in seen:
        tell(event["type"], event["data"])
        seen.add(request.headers["webhook-id"])
    return "", 204


def tell(type_, data):
    print(type_, data.get("tenant"), data.get("status"), flush=True)


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ.get("PORT", "8000")))
