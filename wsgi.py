"""What a WSGI server and the `flask` command start."""

import gc
import sys

from app import create_app, logs, processes
from app.billing.connecting import provider_accounts
from config import Unsound, load

try:
    config = load()
    logs.begin(config)
    processes.leave_with_parent(config.STOP_SECONDS)
    application = create_app(config)
    with application.extensions["database"].reader() as db:
        provider_accounts.refuse_live_in_demo(db, application.extensions["site"])
except Unsound as refusal:
    sys.exit(str(refusal))

# All that stands now stays for good. Python would look through it for garbage again and again,
# which took a tenth of a busy server's time, and need not look after every few hundred objects.
gc.freeze()
gc.set_threshold(10_000, 10, 10)
