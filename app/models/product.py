"""What is sold: products, their prices, and the prices a provider knows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base import Base
from app.models.app import App
from app.models.provider_account import ProviderAccount
from app.money import Money


class Product(Base):
    """A plan or a one-time thing. Of one `family` a tenant runs at most one plan."""

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("app_id", "slug"),
        UniqueConstraint("app_id", "article_type_id", "article_id"),
    )

    app_id: Mapped[int] = mapped_column(ForeignKey("app.id"))
    slug: Mapped[str]
    name: Mapped[str]
    description: Mapped[str | None]
    features: Mapped[list[str]] = mapped_column(default=list)
    family: Mapped[str] = mapped_column(default="default")
    position: Mapped[int] = mapped_column(default=0)
    article_id: Mapped[int | None]
    article_type_id: Mapped[int | None]
    archived_at: Mapped[datetime | None]

    app: Mapped[App] = relationship()
    prices: Mapped[list[Price]] = relationship(back_populates="product", order_by="Price.id")


class Price(Base):
    """An amount for a product; `interval` None means one time. `unit_amount` is in minor units,
    net or gross as `tax_behavior` says."""

    __tablename__ = "price"
    __table_args__ = (
        CheckConstraint("unit_amount > 0", name="unit_amount"),
        CheckConstraint("interval IN ('month', 'year')", name="interval"),
        CheckConstraint("tax_behavior IN ('exclusive', 'inclusive')", name="tax_behavior"),
        Index(None, "product_id"),
    )

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    price_id: Mapped[str] = mapped_column(unique=True)
    currency: Mapped[str]
    unit_amount: Mapped[int]
    interval: Mapped[str | None]
    tax_behavior: Mapped[str] = mapped_column(default="exclusive")
    trial_days: Mapped[int] = mapped_column(default=0)
    max_quantity: Mapped[int] = mapped_column(default=1000)
    archived_at: Mapped[datetime | None]

    product: Mapped[Product] = relationship(back_populates="prices")

    @property
    def amount(self) -> Money:
        """The price of one."""
        return Money(self.unit_amount, self.currency)

    @property
    def is_recurring(self) -> bool:
        """It is charged every month or year."""
        return self.interval is not None


class ProviderPrice(Base):
    """A price the provider knows by its own id; a price without one goes inline.

    `provider_id` is None until the provider has answered. The request is stored before the first
    try and repeated as it is; whoever holds the claim makes it. An imported one was never asked
    for. `provider_product_id` is set where the provider named the product.
    """

    __tablename__ = "provider_price"
    __table_args__ = (
        UniqueConstraint("price_id", "provider_account_id"),
        UniqueConstraint("provider_account_id", "provider_id"),
    )

    price_id: Mapped[int] = mapped_column(ForeignKey("price.id"))
    provider_account_id: Mapped[int] = mapped_column(ForeignKey("provider_account.id"))
    provider_id: Mapped[str | None]
    provider_product_id: Mapped[str | None]
    idempotency_key: Mapped[str | None]
    request: Mapped[str | None]
    first_tried_at: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]

    price: Mapped[Price] = relationship()


class ProviderProduct(Base):
    """What a provider that keeps a catalogue was last told about a product; for people who read the
    provider's own reports."""

    __tablename__ = "provider_product"
    __table_args__ = (UniqueConstraint("product_id", "provider_account_id"),)

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    provider_account_id: Mapped[int] = mapped_column(ForeignKey("provider_account.id"))
    name: Mapped[str]
    description: Mapped[str | None]

    provider_account: Mapped[ProviderAccount] = relationship()
