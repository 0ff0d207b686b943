"""What we remember: one noun a file, its states, its questions."""

from app.models.act import Act
from app.models.api_key import ApiKey, SigningKey
from app.models.app import App, Origin
from app.models.checkout_session import CheckoutSession
from app.models.idempotency_key import IdempotencyKey
from app.models.invitation import AppInvitation, Invitation
from app.models.invoice import Invoice
from app.models.lease import Lease
from app.models.logo import Logo
from app.models.mail import Mail
from app.models.payment import Payment, PaymentMethod, Refund
from app.models.portal_link import PortalLink
from app.models.product import Price, Product, ProviderPrice, ProviderProduct
from app.models.provider_account import Customer, ProviderAccount
from app.models.provider_event import ProviderEvent
from app.models.recovery_code import RecoveryCode
from app.models.subscription import FormerFigure, Subscription, SubscriptionChange
from app.models.tax_rate import ProviderTaxRate, TaxRate
from app.models.tenant import Tenant
from app.models.timeline_entry import AuditEntry, TimelineEntry
from app.models.user import AppMember, FailedSignIn, Membership, PasswordReset, User
from app.models.user_session import UserSession
from app.models.webhook import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent

__all__ = [
    "Act",
    "ApiKey",
    "App",
    "AppInvitation",
    "AppMember",
    "AuditEntry",
    "CheckoutSession",
    "Customer",
    "FailedSignIn",
    "FormerFigure",
    "IdempotencyKey",
    "Invitation",
    "Invoice",
    "Lease",
    "Logo",
    "Mail",
    "Membership",
    "Origin",
    "Payment",
    "PasswordReset",
    "PaymentMethod",
    "PortalLink",
    "Price",
    "Product",
    "ProviderAccount",
    "ProviderEvent",
    "ProviderPrice",
    "ProviderProduct",
    "ProviderTaxRate",
    "RecoveryCode",
    "Refund",
    "SigningKey",
    "Subscription",
    "SubscriptionChange",
    "TaxRate",
    "Tenant",
    "TimelineEntry",
    "User",
    "UserSession",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
]
