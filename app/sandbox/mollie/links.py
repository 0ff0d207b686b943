"""Write the links that every object of Mollie carries."""

from app.sandbox.store import Json
from app.sandbox.world import Account


def api(account: Account, path: str) -> Json:
    """Link to the API, as the client last called it."""
    return {"href": f"{account.world.base_url}/mollie/v2{path}", "type": "application/hal+json"}


def page(account: Account, path: str) -> Json:
    """Link to one of the sandbox's own pages."""
    return {"href": f"{account.world.base_url}/mollie{path}", "type": "text/html"}


def dashboard(subject: str) -> Json:
    """Link to Mollie's dashboard."""
    return {"href": f"https://my.mollie.com/dashboard/{subject}", "type": "text/html"}


def documentation(operation: str) -> Json:
    """Link to Mollie's description of an operation."""
    return {"href": f"https://docs.mollie.com/reference/{operation}", "type": "text/html"}
