"""The worker: does what `app.jobs` holds, in threads, until it is told to leave."""

from __future__ import annotations

import logging
import os
import sys

from huey.consumer import Consumer

import config as settings
from app import logs

log = logging.getLogger("app.worker")

_MOST_SECONDS_BETWEEN_LOOKS = 0.5


class _Consumer(Consumer):  # type: ignore[misc]
    """Says that it begins once it can be told to leave."""

    def start(self) -> None:
        super().start()
        log.info("The worker begins, with %s threads.", self.workers)


def main() -> None:
    """Work until SIGTERM; the jobs at hand have STOP_SECONDS to finish. SIGHUP begins anew."""
    try:
        config = settings.load()
    except settings.Unsound as refusal:
        sys.exit(str(refusal))
    logs.begin(config)
    # Imported here because it opens the queue.
    from app import jobs

    consumer = _Consumer(
        jobs.huey,
        workers=config.WORKER_THREADS,
        max_delay=_MOST_SECONDS_BETWEEN_LOOKS,
        graceful_signal="TERM",
        shutdown_timeout=config.STOP_SECONDS,
    )
    # On SIGHUP the consumer runs these in its place.
    sys.argv[:] = ["-m", "app.worker"]
    consumer.run()
    log.info("The worker has ended.")
    logging.shutdown()
    # Python would wait for threads that are still at a provider's, and their time is over.
    os._exit(0)


if __name__ == "__main__":
    main()
