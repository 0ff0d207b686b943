"""What a WSGI server and the `flask` command start."""

import sys

from app import create_app
from app.billing import provider_accounts
from config import Unsound

try:
    application = create_app()
    with application.extensions["database"].reader() as db:
        provider_accounts.refuse_live_in_demo(db, application.extensions["site"])
except Unsound as refusal:
    sys.exit(str(refusal))
