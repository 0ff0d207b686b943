"""Tax rates: what a percentage is called, and whether prices already hold it."""

from app.sandbox.gateway import Routes
from app.sandbox.store import Json
from app.sandbox.stripe import errors, lists, objects
from app.sandbox.stripe.declared import blank
from app.sandbox.world import Account

routes = Routes()
KIND = "tax_rates"
WORDS = ("country", "description", "jurisdiction", "state", "tax_type")


@routes.post("/v1/tax_rates")
def create(account: Account, params: Json) -> Json:
    if not 0 <= params["percentage"] <= 100:
        raise errors.invalid("Tax rate percentage must be between 0 and 100.", "percentage")
    percentage = _plain_number(params["percentage"])
    rate = blank(
        "tax_rate",
        id=account.mint("txr_1"),
        active=params.get("active", True),
        created=account.timestamp(),
        display_name=params["display_name"],
        inclusive=params["inclusive"],
        metadata=objects.merge_metadata(None, params.get("metadata")),
        percentage=percentage,
        effective_percentage=percentage,
        rate_type="percentage",
        **{word: params.get(word) or None for word in WORDS},
    )
    return account.save(KIND, rate)


@routes.get("/v1/tax_rates")
def list_all(account: Account, params: Json) -> Json:
    matches = lists.equal(params, "active", "inclusive")
    return lists.page(account, KIND, params, "/v1/tax_rates", matches)


@routes.get("/v1/tax_rates/<id>")
def retrieve(account: Account, params: Json, id: str) -> Json:
    return objects.get(account, KIND, id)


@routes.post("/v1/tax_rates/<id>")
def update(account: Account, params: Json, id: str) -> Json:
    rate = objects.get(account, KIND, id)
    for word in WORDS:
        if word in params:
            rate[word] = params[word] or None
    for name in ("active", "display_name"):
        rate[name] = params.get(name, rate[name])
    rate["metadata"] = objects.merge_metadata(rate["metadata"], params.get("metadata"))
    return account.save(KIND, rate)


def usable(account: Account, ids: list[str], param: str) -> list[Json]:
    """Give the rates that may be put on a new line; raises Refusal for others."""
    rates = [objects.get(account, KIND, id, f"{param}[{n}]") for n, id in enumerate(ids)]
    for number, rate in enumerate(rates):
        if not rate["active"]:
            message = f"The tax rate {rate['id']} is archived and cannot be used."
            raise errors.invalid(message, f"{param}[{number}]")
    return rates


def _plain_number(value: float) -> float | int:
    return int(value) if value == int(value) else value
