"""Products: what is sold."""

from app.sandbox.gateway import Routes
from app.sandbox.store import Json
from app.sandbox.stripe import errors, events, lists, objects, search
from app.sandbox.stripe.declared import blank
from app.sandbox.world import Account

routes = Routes()
KIND = "products"
FIELDS = ("active", "description", "images", "marketing_features", "name", "package_dimensions")
OTHER = ("shippable", "statement_descriptor", "tax_code", "unit_label", "url")


@routes.post("/v1/products")
def create(account: Account, params: Json) -> Json:
    if "default_price_data" in params:
        raise errors.not_done("default_price_data")
    id = params.get("id") or account.mint("prod_", 14)
    if account.load(KIND, id):
        message = f"Product already exists: {id}"
        raise errors.invalid(message, "id", "resource_already_exists")
    return make(account, {**params, "id": id})


def make(account: Account, params: Json) -> Json:
    """Store a product, also one named inline by a price or a session."""
    now = account.timestamp()
    product = blank(
        "product",
        id=params.get("id") or account.mint("prod_", 14),
        active=True,
        created=now,
        default_price=None,
        type="service",
        updated=now,
        statement_descriptor=None,
        tax_code=None,
        unit_label=None,
    )
    _set(product, params)
    account.save(KIND, product)
    events.emit(account, "product.created", product)
    return product


@routes.get("/v1/products")
def list_all(account: Account, params: Json) -> Json:
    same = lists.equal(params, "active", "shippable", "url")
    ids = params.get("ids")
    return lists.page(
        account,
        KIND,
        params,
        "/v1/products",
        lambda p: not p.get("deleted") and same(p) and (not ids or p["id"] in ids),
    )


@routes.get("/v1/products/search")
def find(account: Account, params: Json) -> Json:
    return search.search(account, KIND, params, ("active", "description", "name", "url"))


@routes.get("/v1/products/<id>")
def retrieve(account: Account, params: Json, id: str) -> Json:
    return objects.get(account, KIND, id)


@routes.post("/v1/products/<id>")
def update(account: Account, params: Json, id: str) -> Json:
    before = objects.get(account, KIND, id)
    product = objects.get(account, KIND, id)
    _set(product, params)
    if "default_price" in params:
        product["default_price"] = params["default_price"] or None
    product["updated"] = account.timestamp()
    return events.changed(account, KIND, before, product, "product.updated")


@routes.delete("/v1/products/<id>")
def delete(account: Account, params: Json, id: str) -> Json:
    product = objects.get(account, KIND, id)
    if account.find("prices", lambda price: price["product"] == id):
        raise errors.invalid(
            "This product cannot be deleted because it has one or more user-created prices."
        )
    account.delete(KIND, id)
    events.emit(account, "product.deleted", product)
    return {"id": id, "object": "product", "deleted": True}


def _set(product: Json, params: Json) -> None:
    for name in (*FIELDS, *OTHER):
        if name in params:
            product[name] = None if params[name] == "" else params[name]
    product["metadata"] = objects.merge_metadata(product["metadata"], params.get("metadata"))
