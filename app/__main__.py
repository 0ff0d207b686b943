"""`python -m app`: the programs of an installation, with the settings of the environment."""

from __future__ import annotations

import sys

import click

import config as settings
from app import logs, processes
from config import Config


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def programs(context: click.Context) -> None:
    """Run Portico; docs/deploy.md says how, docs/settings.md lists the settings."""
    try:
        context.obj = settings.load()
    except settings.Unsound as refusal:
        raise click.ClickException(str(refusal)) from refusal
    logs.begin(context.obj)


@programs.command("serve")
@click.pass_obj
def serve(config: Config) -> None:
    """Run web server and worker together, for one machine."""
    try:
        sys.exit(processes.serve(config))
    except processes.PortTaken as refusal:
        raise click.ClickException(str(refusal)) from refusal


@programs.command("web")
@click.pass_obj
def web(config: Config) -> None:
    """Run the web server: pages, APIs and hooks."""
    processes.become(processes.web(config))


@programs.command("worker")
@click.pass_obj
def worker(_config: Config) -> None:
    """Run a worker: events, sweeps, mails and webhooks."""
    processes.become(processes.worker())


if __name__ == "__main__":
    programs(prog_name="python -m app")
