"""The first tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "failed_sign_in",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_failed_sign_in"),
        sa.UniqueConstraint("uuid", name="uq_failed_sign_in_uuid"),
    )
    op.create_index("ix_failed_sign_in_subject_at", "failed_sign_in", ["subject", "at"])

    op.create_table(
        "lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("held_until", MOMENT),
        sa.Column("done_at", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_lease"),
        sa.UniqueConstraint("name", name="uq_lease_name"),
        sa.UniqueConstraint("uuid", name="uq_lease_uuid"),
    )
    op.create_table(
        "logo",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("width", INTEGER, nullable=False),
        sa.Column("height", INTEGER, nullable=False),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_logo"),
        sa.UniqueConstraint("digest", name="uq_logo_digest"),
        sa.UniqueConstraint("uuid", name="uq_logo_uuid"),
    )
    op.create_table(
        "user",
        sa.Column(
            "email",
            sa.String().with_variant(sa.String(collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("name", sa.String()),
        sa.Column("password_digest", sa.String()),
        sa.Column("locale", sa.String()),
        sa.Column("external_id", sa.String()),
        sa.Column("session_epoch", INTEGER, nullable=False),
        sa.Column("ended_sessions", JSON, nullable=False),
        sa.Column("two_factor_at", MOMENT),
        sa.Column("sealed_totp_secret", sa.String()),
        sa.Column("last_totp_step", INTEGER),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_user"),
        sa.UniqueConstraint("email", name="uq_user_email"),
        sa.UniqueConstraint("external_id", name="uq_user_external_id"),
        sa.UniqueConstraint("uuid", name="uq_user_uuid"),
    )
    op.create_table(
        "app",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("disabled_at", MOMENT),
        sa.Column("seller_name", sa.String(), nullable=False),
        sa.Column("seller_country", sa.String(), nullable=False),
        sa.Column("seller_address", sa.String()),
        sa.Column("seller_vat_number", sa.String()),
        sa.Column("support_email", sa.String()),
        sa.Column("website", sa.String()),
        sa.Column("brand_color", sa.String(), nullable=False),
        sa.Column("logo_digest", sa.String()),
        sa.Column("vat_unknown_policy", sa.String(), nullable=False),
        sa.Column("settling_access", sa.String(), nullable=False),
        sa.Column("dunning_days", JSON, nullable=False),
        sa.Column("require_two_factor", sa.Boolean(), nullable=False),
        sa.Column("invoice_prefix", sa.String(), nullable=False),
        sa.Column("last_invoice_test", INTEGER, nullable=False),
        sa.Column("last_invoice_live", INTEGER, nullable=False),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.CheckConstraint(
            "settling_access IN ('until_deadline', 'none')", name=op.f("ck_app_settling_access")
        ),
        sa.CheckConstraint(
            "vat_unknown_policy IN ('accept', 'charge')", name=op.f("ck_app_vat_unknown_policy")
        ),
        sa.ForeignKeyConstraint(["logo_digest"], ["logo.digest"], name="fk_app_logo_digest"),
        sa.PrimaryKeyConstraint("id", name="pk_app"),
        sa.UniqueConstraint("uuid", name="uq_app_uuid"),
    )
    op.create_table(
        "password_reset",
        sa.Column("user_id", INTEGER),
        sa.Column("token_digest", sa.String(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_password_reset_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_password_reset"),
        sa.UniqueConstraint("token_digest", name="uq_password_reset_token_digest"),
        sa.UniqueConstraint("uuid", name="uq_password_reset_uuid"),
    )
    op.create_index("ix_password_reset_user_id_id", "password_reset", ["user_id", "id"])

    op.create_table(
        "recovery_code",
        sa.Column("user_id", INTEGER, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("used_at", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_recovery_code_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_code"),
        sa.UniqueConstraint("user_id", "digest", name="uq_recovery_code_user_id_digest"),
        sa.UniqueConstraint("uuid", name="uq_recovery_code_uuid"),
    )
    op.create_table(
        "user_session",
        sa.Column("user_id", INTEGER, nullable=False),
        sa.Column("address", sa.String()),
        sa.Column("agent", sa.String()),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_user_session_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_user_session"),
        sa.UniqueConstraint("uuid", name="uq_user_session_uuid"),
    )
    op.create_index("ix_user_session_user_id_id", "user_session", ["user_id", "id"])

    op.create_table(
        "api_key",
        sa.Column("app_id", INTEGER, nullable=False),
        sa.Column("created_by_id", INTEGER),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column("last_used_at", MOMENT),
        sa.Column("revoked_at", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.CheckConstraint("type IN ('read', 'write')", name=op.f("ck_api_key_type")),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name="fk_api_key_app_id"),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name="fk_api_key_created_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
        sa.UniqueConstraint("digest", name="uq_api_key_digest"),
        sa.UniqueConstraint("uuid", name="uq_api_key_uuid"),
    )
    op.create_index("ix_api_key_app_id", "api_key", ["app_id"])

    op.create_table(
        "app_invitation",
        sa.Column("app_id", INTEGER, nullable=False),
        sa.Column("invited_by_id", INTEGER),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("token_digest", sa.String(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("accepted_at", MOMENT),
        sa.Column("revoked_at", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.CheckConstraint("role IN ('owner', 'support')", name=op.f("ck_app_invitation_role")),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name="fk_app_invitation_app_id"),
        sa.ForeignKeyConstraint(
            ["invited_by_id"], ["user.id"], name="fk_app_invitation_invited_by_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_app_invitation"),
        sa.UniqueConstraint("token_digest", name="uq_app_invitation_token_digest"),
        sa.UniqueConstraint("uuid", name="uq_app_invitation_uuid"),
    )
    op.create_index(
        "uq_app_invitation_open",
        "app_invitation",
        ["app_id", "email"],
        unique=True,
        sqlite_where=sa.text("accepted_at IS NULL AND revoked_at IS NULL"),
        postgresql_where=sa.text("accepted_at IS NULL AND revoked_at IS NULL"),
    )

    op.create_table(
        "app_member",
        sa.Column("app_id", INTEGER, nullable=False),
        sa.Column("user_id", INTEGER, nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.CheckConstraint("role IN ('owner', 'support')", name=op.f("ck_app_member_role")),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name="fk_app_member_app_id"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_app_member_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_app_member"),
        sa.UniqueConstraint("app_id", "user_id", name="uq_app_member_app_id_user_id"),
        sa.UniqueConstraint("uuid", name="uq_app_member_uuid"),
    )
    op.create_index("ix_app_member_user_id", "app_member", ["user_id"])

    op.create_table(
        "origin",
        sa.Column("app_id", INTEGER, nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("may_embed", sa.Boolean(), nullable=False),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name="fk_origin_app_id"),
        sa.PrimaryKeyConstraint("id", name="pk_origin"),
        sa.UniqueConstraint("app_id", "origin", name="uq_origin_app_id_origin"),
        sa.UniqueConstraint("uuid", name="uq_origin_uuid"),
    )
    op.create_table(
        "product",
        sa.Column("app_id", INTEGER, nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String()),
        sa.Column("features", JSON, nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("position", INTEGER, nullable=False),
        sa.Column("article_id", INTEGER),
        sa.Column("article_type_id", INTEGER),
        sa.Column("archived_at", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name="fk_product_app_id"),
        sa.PrimaryKeyConstraint("id", name="pk_product"),
        sa.UniqueConstraint(
            "app_id",
            "article_type_id",
            "article_id",
            name="uq_product_app_id_article_type_id_article_id",
        ),
        sa.UniqueConstraint("app_id", "slug", name="uq_product_app_id_slug"),
        sa.UniqueConstraint("uuid", name="uq_product_uuid"),
    )
    op.create_table(
        "provider_account",
        sa.Column("app_id", INTEGER, nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("sealed_credentials", sa.String(), nullable=False),
        sa.Column("provider_id", sa.String()),
        sa.Column("connect_id", sa.String()),
        sa.Column("name", sa.String()),
        sa.Column("key_hint", sa.String()),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("webhook", sa.String(), nullable=False),
        sa.Column("connected_at", MOMENT),
        sa.Column("checked_at", MOMENT),
        sa.Column("checks", JSON),
        sa.Column("disconnected_at", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.CheckConstraint(
            "provider IN ('stripe', 'mollie')", name=op.f("ck_provider_account_provider")
        ),
        sa.CheckConstraint(
            "webhook IN ('registered', 'by_hand', 'missing', 'told', 'private')",
            name=op.f("ck_provider_account_webhook"),
        ),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name="fk_provider_account_app_id"),
        sa.PrimaryKeyConstraint("id", name="pk_provider_account"),
        sa.UniqueConstraint("uuid", name="uq_provider_account_uuid"),
    )
    op.create_index("ix_provider_account_app_id_id", "provider_account", ["app_id", "id"])
    op.create_index(
        "uq_provider_account_connected",
        "provider_account",
        ["app_id", "provider", "livemode"],
        unique=True,
        sqlite_where=sa.text("disconnected_at IS NULL"),
        postgresql_where=sa.text("disconnected_at IS NULL"),
    )

    op.create_table(
        "signing_key",
        sa.Column("app_id", INTEGER, nullable=False),
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("public_pem", sa.String(), nullable=False),
        sa.Column("sealed_private_pem", sa.String()),
        sa.Column("retired_at", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name="fk_signing_key_app_id"),
        sa.PrimaryKeyConstraint("id", name="pk_signing_key"),
        sa.UniqueConstraint("app_id", "kid", name="uq_signing_key_app_id_kid"),
        sa.UniqueConstraint("uuid", name="uq_signing_key_uuid"),
    )
    op.create_table(
        "tax_rate",
        sa.Column("app_id", INTEGER, nullable=False),
        sa.Column("tax_rate_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("country", sa.String()),
        sa.Column("percentage", sa.Numeric(precision=7, scale=4), nullable=False),
        sa.Column("is_reverse_charge", sa.Boolean(), nullable=False),
        sa.Column("archived_at", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.CheckConstraint(
            "NOT is_reverse_charge OR percentage = 0", name=op.f("ck_tax_rate_reverse_charge")
        ),
        sa.CheckConstraint(
            "percentage >= 0 AND percentage <= 100", name=op.f("ck_tax_rate_percentage")
        ),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name="fk_tax_rate_app_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tax_rate"),
        sa.UniqueConstraint("tax_rate_id", name="uq_tax_rate_tax_rate_id"),
        sa.UniqueConstraint("uuid", name="uq_tax_rate_uuid"),
    )
    op.create_index("ix_tax_rate_app_id_country", "tax_rate", ["app_id", "country"])

    op.create_table(
        "tenant",
        sa.Column("app_id", INTEGER, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "name_key",
            sa.String().with_variant(sa.String(collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("legal_name", sa.String()),
        sa.Column("address_line1", sa.String()),
        sa.Column("address_line2", sa.String()),
        sa.Column("postal_code", sa.String()),
        sa.Column("city", sa.String()),
        sa.Column("region", sa.String()),
        sa.Column("country", sa.String()),
        sa.Column(
            "invoice_email", sa.String().with_variant(sa.String(collation="C"), "postgresql")
        ),
        sa.Column("vat_number", sa.String()),
        sa.Column("currency", sa.String()),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name="fk_tenant_app_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tenant"),
        sa.UniqueConstraint("uuid", name="uq_tenant_uuid"),
    )
    op.create_index("ix_tenant_app_id_id", "tenant", ["app_id", "id"])
    op.create_index("ix_tenant_app_id_invoice_email", "tenant", ["app_id", "invoice_email"])
    op.create_index("ix_tenant_app_id_name_key", "tenant", ["app_id", "name_key"])

    op.create_table(
        "webhook_endpoint",
        sa.Column("app_id", INTEGER, nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("types", JSON, nullable=False),
        sa.Column("sealed_secret", sa.String(), nullable=False),
        sa.Column("sealed_old_secret", sa.String()),
        sa.Column("old_secret_until", MOMENT),
        sa.Column("failures", INTEGER, nullable=False),
        sa.Column("failing_since", MOMENT),
        sa.Column("disabled_at", MOMENT),
        sa.Column("disabled_reason", sa.String()),
        sa.Column("removed_at", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name="fk_webhook_endpoint_app_id"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_endpoint"),
        sa.UniqueConstraint("uuid", name="uq_webhook_endpoint_uuid"),
    )
    op.create_index("ix_webhook_endpoint_app_id", "webhook_endpoint", ["app_id"])

    op.create_table(
        "audit_entry",
        sa.Column("app_id", INTEGER, nullable=False),
        sa.Column("user_id", INTEGER),
        sa.Column("api_key_id", INTEGER),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("details", JSON),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.ForeignKeyConstraint(["api_key_id"], ["api_key.id"], name="fk_audit_entry_api_key_id"),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name="fk_audit_entry_app_id"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_audit_entry_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entry"),
        sa.UniqueConstraint("uuid", name="uq_audit_entry_uuid"),
    )
    op.create_index("ix_audit_entry_app_id_id", "audit_entry", ["app_id", "id"])

    op.create_table(
        "customer",
        sa.Column("tenant_id", INTEGER, nullable=False),
        sa.Column("provider_account_id", INTEGER, nullable=False),
        sa.Column("provider_id", sa.String()),
        sa.Column("idempotency_key", sa.String()),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("first_tried_at", MOMENT),
        sa.Column("claimed_until", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.ForeignKeyConstraint(
            ["provider_account_id"], ["provider_account.id"], name="fk_customer_provider_account_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_customer_tenant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_customer"),
        sa.UniqueConstraint(
            "provider_account_id", "provider_id", name="uq_customer_provider_account_id_provider_id"
        ),
        sa.UniqueConstraint(
            "tenant_id", "provider_account_id", name="uq_customer_tenant_id_provider_account_id"
        ),
        sa.UniqueConstraint("uuid", name="uq_customer_uuid"),
    )
    op.create_table(
        "invitation",
        sa.Column("tenant_id", INTEGER, nullable=False),
        sa.Column("invited_by_id", INTEGER),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("token_digest", sa.String(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("accepted_at", MOMENT),
        sa.Column("revoked_at", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.CheckConstraint("role IN ('admin', 'member')", name=op.f("ck_invitation_role")),
        sa.ForeignKeyConstraint(["invited_by_id"], ["user.id"], name="fk_invitation_invited_by_id"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_invitation_tenant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_invitation"),
        sa.UniqueConstraint("token_digest", name="uq_invitation_token_digest"),
        sa.UniqueConstraint("uuid", name="uq_invitation_uuid"),
    )
    op.create_index("ix_invitation_tenant_id_id", "invitation", ["tenant_id", "id"])
    op.create_index(
        "uq_invitation_open",
        "invitation",
        ["tenant_id", "email"],
        unique=True,
        sqlite_where=sa.text("accepted_at IS NULL AND revoked_at IS NULL"),
        postgresql_where=sa.text("accepted_at IS NULL AND revoked_at IS NULL"),
    )

    op.create_table(
        "mail",
        sa.Column("effect", sa.String(), nullable=False),
        sa.Column("app_id", INTEGER),
        sa.Column("tenant_id", INTEGER),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("values", JSON, nullable=False),
        sa.Column("locale", sa.String()),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", INTEGER, nullable=False),
        sa.Column("error", sa.String()),
        sa.Column("claimed_until", MOMENT),
        sa.Column("next_try_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed')", name=op.f("ck_mail_state")),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name="fk_mail_app_id"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_mail_tenant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_mail"),
        sa.UniqueConstraint("effect", name="uq_mail_effect"),
        sa.UniqueConstraint("uuid", name="uq_mail_uuid"),
    )
    op.create_index(
        "ix_mail_due",
        "mail",
        ["next_try_at"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("ix_mail_tenant_id_id", "mail", ["tenant_id", "id"])

    op.create_table(
        "membership",
        sa.Column("tenant_id", INTEGER, nullable=False),
        sa.Column("user_id", INTEGER, nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.CheckConstraint("role IN ('admin', 'member')", name=op.f("ck_membership_role")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_membership_tenant_id"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_membership_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_membership"),
        sa.UniqueConstraint("tenant_id", "user_id", name="uq_membership_tenant_id_user_id"),
        sa.UniqueConstraint("uuid", name="uq_membership_uuid"),
    )
    op.create_index("ix_membership_user_id", "membership", ["user_id"])

    op.create_table(
        "price",
        sa.Column("product_id", INTEGER, nullable=False),
        sa.Column("price_id", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("unit_amount", INTEGER, nullable=False),
        sa.Column("interval", sa.String()),
        sa.Column("tax_behavior", sa.String(), nullable=False),
        sa.Column("trial_days", INTEGER, nullable=False),
        sa.Column("max_quantity", INTEGER, nullable=False),
        sa.Column("archived_at", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.CheckConstraint("interval IN ('month', 'year')", name=op.f("ck_price_interval")),
        sa.CheckConstraint(
            "tax_behavior IN ('exclusive', 'inclusive')", name=op.f("ck_price_tax_behavior")
        ),
        sa.CheckConstraint("unit_amount > 0", name=op.f("ck_price_unit_amount")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name="fk_price_product_id"),
        sa.PrimaryKeyConstraint("id", name="pk_price"),
        sa.UniqueConstraint("price_id", name="uq_price_price_id"),
        sa.UniqueConstraint("uuid", name="uq_price_uuid"),
    )
    op.create_index("ix_price_product_id", "price", ["product_id"])

    op.create_table(
        "provider_event",
        sa.Column("provider_account_id", INTEGER, nullable=False),
        sa.Column("provider_event_id", sa.String()),
        sa.Column("type", sa.String()),
        sa.Column("object_id", sa.String(), nullable=False),
        sa.Column("payload", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", INTEGER, nullable=False),
        sa.Column("error", sa.String()),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("claimed_until", MOMENT),
        sa.Column("next_try_at", MOMENT, nullable=False),
        sa.Column("done_at", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.CheckConstraint(
            "state IN ('received', 'processing', 'done', 'failed')",
            name=op.f("ck_provider_event_state"),
        ),
        sa.ForeignKeyConstraint(
            ["provider_account_id"],
            ["provider_account.id"],
            name="fk_provider_event_provider_account_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_provider_event"),
        sa.UniqueConstraint(
            "provider_account_id",
            "provider_event_id",
            name="uq_provider_event_provider_account_id_provider_event_id",
        ),
        sa.UniqueConstraint("uuid", name="uq_provider_event_uuid"),
    )
    op.create_index(
        "ix_provider_event_due",
        "provider_event",
        ["next_try_at"],
        sqlite_where=sa.text("state IN ('received', 'processing')"),
        postgresql_where=sa.text("state IN ('received', 'processing')"),
    )
    op.create_index(
        "ix_provider_event_failed",
        "provider_event",
        ["id"],
        sqlite_where=sa.text("state = 'failed'"),
        postgresql_where=sa.text("state = 'failed'"),
    )
    op.create_index(
        "ix_provider_event_provider_account_id_id", "provider_event", ["provider_account_id", "id"]
    )
    op.create_index(
        "uq_provider_event_waiting",
        "provider_event",
        ["provider_account_id", "object_id"],
        unique=True,
        sqlite_where=sa.text("state = 'received' AND provider_event_id IS NULL"),
        postgresql_where=sa.text("state = 'received' AND provider_event_id IS NULL"),
    )

    op.create_table(
        "provider_product",
        sa.Column("product_id", INTEGER, nullable=False),
        sa.Column("provider_account_id", INTEGER, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String()),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name="fk_provider_product_product_id"
        ),
        sa.ForeignKeyConstraint(
            ["provider_account_id"],
            ["provider_account.id"],
            name="fk_provider_product_provider_account_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_provider_product"),
        sa.UniqueConstraint(
            "product_id",
            "provider_account_id",
            name="uq_provider_product_product_id_provider_account_id",
        ),
        sa.UniqueConstraint("uuid", name="uq_provider_product_uuid"),
    )
    op.create_table(
        "provider_tax_rate",
        sa.Column("tax_rate_id", INTEGER, nullable=False),
        sa.Column("provider_account_id", INTEGER, nullable=False),
        sa.Column("is_inclusive", sa.Boolean(), nullable=False),
        sa.Column("provider_id", sa.String()),
        sa.Column("idempotency_key", sa.String()),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("first_tried_at", MOMENT),
        sa.Column("claimed_until", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.ForeignKeyConstraint(
            ["provider_account_id"],
            ["provider_account.id"],
            name="fk_provider_tax_rate_provider_account_id",
        ),
        sa.ForeignKeyConstraint(
            ["tax_rate_id"], ["tax_rate.id"], name="fk_provider_tax_rate_tax_rate_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_provider_tax_rate"),
        sa.UniqueConstraint(
            "provider_account_id",
            "provider_id",
            name="uq_provider_tax_rate_provider_account_id_provider_id",
        ),
        sa.UniqueConstraint(
            "tax_rate_id", "provider_account_id", "is_inclusive", name="uq_provider_tax_rate_use"
        ),
        sa.UniqueConstraint("uuid", name="uq_provider_tax_rate_uuid"),
    )
    op.create_table(
        "checkout_session",
        sa.Column("app_id", INTEGER, nullable=False),
        sa.Column("tenant_id", INTEGER),
        sa.Column("user_id", INTEGER),
        sa.Column("provider_account_id", INTEGER, nullable=False),
        sa.Column("price_id", INTEGER),
        sa.Column("tax_rate_id", INTEGER),
        sa.Column("superseded_by_id", INTEGER),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("family", sa.String()),
        sa.Column("slot", sa.String()),
        sa.Column("order_digest", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.Column("superseded_at", MOMENT),
        sa.Column("left_at", MOMENT),
        sa.Column("returned_at", MOMENT),
        sa.Column("method", sa.String()),
        sa.Column("quantity", INTEGER, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("net", INTEGER, nullable=False),
        sa.Column("tax", INTEGER, nullable=False),
        sa.Column("total", INTEGER, nullable=False),
        sa.Column("trial_days", INTEGER, nullable=False),
        sa.Column("renewal_net", INTEGER),
        sa.Column("renewal_tax", INTEGER),
        sa.Column("renewal_total", INTEGER),
        sa.Column("tax_rule", sa.String()),
        sa.Column("tax_country", sa.String()),
        sa.Column("tax_percentage", sa.Numeric(precision=7, scale=4)),
        sa.Column("vat_number", sa.String()),
        sa.Column("vat_status", sa.String()),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("details", JSON),
        sa.Column("buyer", JSON),
        sa.Column("collected", JSON),
        sa.Column("success_url", sa.String()),
        sa.Column("cancel_url", sa.String()),
        sa.Column("return_url", sa.String()),
        sa.Column("return_key", sa.String(), nullable=False),
        sa.Column("is_deferred", sa.Boolean(), nullable=False),
        sa.Column("is_kept", sa.Boolean(), nullable=False),
        sa.Column("deadline", MOMENT),
        sa.Column("payable", sa.String()),
        sa.Column("reference", sa.String()),
        sa.Column("state_digest", sa.String()),
        sa.Column("email", sa.String()),
        sa.Column("caller_metadata", JSON),
        sa.Column("payment_uuid", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.String()),
        sa.Column("url", sa.String()),
        sa.Column("sealed_client_secret", sa.String()),
        sa.Column("idempotency_key", sa.String()),
        sa.Column("request", sa.String()),
        sa.Column("first_tried_at", MOMENT),
        sa.Column("claimed_until", MOMENT),
        sa.Column("expires_at", MOMENT),
        sa.Column("checked_at", MOMENT),
        sa.Column("next_check_at", MOMENT),
        sa.Column("paid_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.Column("decline", sa.String()),
        sa.Column("review", sa.String()),
        sa.Column("verdict", sa.String()),
        sa.Column("verdict_reason", sa.String()),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.CheckConstraint(
            "mode IN ('payment', 'subscription', 'setup')", name=op.f("ck_checkout_session_mode")
        ),
        sa.CheckConstraint(
            "state IN ('starting', 'open', 'processing', 'complete', 'not_charged', 'expired', 'canceled', 'needs_review', 'refunded')",
            name=op.f("ck_checkout_session_state"),
        ),
        sa.CheckConstraint(
            "verdict IN ('accepted', 'given_back')", name=op.f("ck_checkout_session_verdict")
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_checkout_session_quantity")),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name="fk_checkout_session_app_id"),
        sa.ForeignKeyConstraint(["price_id"], ["price.id"], name="fk_checkout_session_price_id"),
        sa.ForeignKeyConstraint(
            ["provider_account_id"],
            ["provider_account.id"],
            name="fk_checkout_session_provider_account_id",
        ),
        sa.ForeignKeyConstraint(
            ["superseded_by_id"],
            ["checkout_session.id"],
            name="fk_checkout_session_superseded_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["tax_rate_id"], ["tax_rate.id"], name="fk_checkout_session_tax_rate_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_checkout_session_tenant_id"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_checkout_session_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_checkout_session"),
        sa.UniqueConstraint(
            "provider_account_id",
            "provider_id",
            name="uq_checkout_session_provider_account_id_provider_id",
        ),
        sa.UniqueConstraint("uuid", name="uq_checkout_session_uuid"),
    )
    op.create_index("ix_checkout_session_app_id_id", "checkout_session", ["app_id", "id"])
    op.create_index(
        "ix_checkout_session_due",
        "checkout_session",
        ["next_check_at"],
        sqlite_where=sa.text("next_check_at IS NOT NULL"),
        postgresql_where=sa.text("next_check_at IS NOT NULL"),
    )
    op.create_index(
        "ix_checkout_session_email",
        "checkout_session",
        ["app_id", "email"],
        sqlite_where=sa.text("email IS NOT NULL"),
        postgresql_where=sa.text("email IS NOT NULL"),
    )
    op.create_index(
        "ix_checkout_session_in_review",
        "checkout_session",
        ["id"],
        sqlite_where=sa.text("state = 'needs_review'"),
        postgresql_where=sa.text("state = 'needs_review'"),
    )
    op.create_index(
        "ix_checkout_session_listed",
        "checkout_session",
        ["provider_account_id", "created_at", "id"],
    )
    op.create_index(
        "ix_checkout_session_listed_by_state",
        "checkout_session",
        ["provider_account_id", "state", "created_at", "id"],
    )
    op.create_index(
        "ix_checkout_session_paid_for_nothing",
        "checkout_session",
        ["livemode"],
        sqlite_where=sa.text(
            "paid_at IS NOT NULL AND state NOT IN ('complete', 'needs_review', 'refunded')"
        ),
        postgresql_where=sa.text(
            "paid_at IS NOT NULL AND state NOT IN ('complete', 'needs_review', 'refunded')"
        ),
    )
    op.create_index(
        "ix_checkout_session_payable",
        "checkout_session",
        ["tenant_id", "payable"],
        sqlite_where=sa.text("payable IS NOT NULL"),
        postgresql_where=sa.text("payable IS NOT NULL"),
    )
    op.create_index(
        "ix_checkout_session_payment_uuid", "checkout_session", ["payment_uuid"], unique=True
    )
    op.create_index(
        "ix_checkout_session_reference",
        "checkout_session",
        ["app_id", "reference"],
        sqlite_where=sa.text("reference IS NOT NULL"),
        postgresql_where=sa.text("reference IS NOT NULL"),
    )
    op.create_index(
        "ix_checkout_session_sold",
        "checkout_session",
        ["price_id"],
        sqlite_where=sa.text("state IN ('processing', 'complete', 'needs_review', 'refunded')"),
        postgresql_where=sa.text("state IN ('processing', 'complete', 'needs_review', 'refunded')"),
    )
    op.create_index("ix_checkout_session_tenant_id_id", "checkout_session", ["tenant_id", "id"])
    op.create_index(
        "uq_checkout_session_slot",
        "checkout_session",
        ["tenant_id", "livemode", "slot"],
        unique=True,
        sqlite_where=sa.text(
            "slot IS NOT NULL AND superseded_at IS NULL AND state IN ('starting', 'open', 'processing')"
        ),
        postgresql_where=sa.text(
            "slot IS NOT NULL AND superseded_at IS NULL AND state IN ('starting', 'open', 'processing')"
        ),
    )

    op.create_table(
        "portal_link",
        sa.Column("tenant_id", INTEGER, nullable=False),
        sa.Column("user_id", INTEGER, nullable=False),
        sa.Column("price_id", INTEGER),
        sa.Column("quantity", INTEGER),
        sa.Column("api_key_id", INTEGER),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("return_url", sa.String()),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("consumed_at", MOMENT),
        sa.Column("revoked_at", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.CheckConstraint(
            "scope IN ('portal', 'plans', 'checkout', 'payment-methods', 'invoices', 'cancel')",
            name=op.f("ck_portal_link_scope"),
        ),
        sa.ForeignKeyConstraint(["api_key_id"], ["api_key.id"], name="fk_portal_link_api_key_id"),
        sa.ForeignKeyConstraint(["price_id"], ["price.id"], name="fk_portal_link_price_id"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_portal_link_tenant_id"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_portal_link_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_portal_link"),
        sa.UniqueConstraint("digest", name="uq_portal_link_digest"),
        sa.UniqueConstraint("uuid", name="uq_portal_link_uuid"),
    )
    op.create_index("ix_portal_link_tenant_id_id", "portal_link", ["tenant_id", "id"])

    op.create_table(
        "provider_price",
        sa.Column("price_id", INTEGER, nullable=False),
        sa.Column("provider_account_id", INTEGER, nullable=False),
        sa.Column("provider_id", sa.String()),
        sa.Column("provider_product_id", sa.String()),
        sa.Column("idempotency_key", sa.String()),
        sa.Column("request", sa.String()),
        sa.Column("first_tried_at", MOMENT),
        sa.Column("claimed_until", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.ForeignKeyConstraint(["price_id"], ["price.id"], name="fk_provider_price_price_id"),
        sa.ForeignKeyConstraint(
            ["provider_account_id"],
            ["provider_account.id"],
            name="fk_provider_price_provider_account_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_provider_price"),
        sa.UniqueConstraint(
            "price_id", "provider_account_id", name="uq_provider_price_price_id_provider_account_id"
        ),
        sa.UniqueConstraint(
            "provider_account_id",
            "provider_id",
            name="uq_provider_price_provider_account_id_provider_id",
        ),
        sa.UniqueConstraint("uuid", name="uq_provider_price_uuid"),
    )
    op.create_table(
        "webhook_event",
        sa.Column("effect", sa.String(), nullable=False),
        sa.Column("app_id", INTEGER, nullable=False),
        sa.Column("tenant_id", INTEGER),
        sa.Column("price_id", INTEGER),
        sa.Column("lane", INTEGER, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("is_handed_out", sa.Boolean(), nullable=False),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name="fk_webhook_event_app_id"),
        sa.ForeignKeyConstraint(["price_id"], ["price.id"], name="fk_webhook_event_price_id"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_webhook_event_tenant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_event"),
        sa.UniqueConstraint("effect", name="uq_webhook_event_effect"),
        sa.UniqueConstraint("uuid", name="uq_webhook_event_uuid"),
    )
    op.create_index("ix_webhook_event_app_id_id", "webhook_event", ["app_id", "id"])
    op.create_index(
        "ix_webhook_event_new",
        "webhook_event",
        ["id"],
        sqlite_where=sa.text("NOT is_handed_out"),
        postgresql_where=sa.text("NOT is_handed_out"),
    )
    op.create_index("ix_webhook_event_tenant_id_id", "webhook_event", ["tenant_id", "id"])

    op.create_table(
        "idempotency_key",
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("body_digest", sa.String(), nullable=False),
        sa.Column("checkout_id", INTEGER),
        sa.Column("tenant_id", INTEGER),
        sa.Column("portal_link_id", INTEGER),
        sa.Column("webhook_endpoint_id", INTEGER),
        sa.Column("signing_key_id", INTEGER),
        sa.Column("sealed_token", sa.String()),
        sa.Column("claimed_until", MOMENT),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.ForeignKeyConstraint(
            ["checkout_id"], ["checkout_session.id"], name="fk_idempotency_key_checkout_id"
        ),
        sa.ForeignKeyConstraint(
            ["portal_link_id"], ["portal_link.id"], name="fk_idempotency_key_portal_link_id"
        ),
        sa.ForeignKeyConstraint(
            ["signing_key_id"], ["signing_key.id"], name="fk_idempotency_key_signing_key_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_idempotency_key_tenant_id"),
        sa.ForeignKeyConstraint(
            ["webhook_endpoint_id"],
            ["webhook_endpoint.id"],
            name="fk_idempotency_key_webhook_endpoint_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_idempotency_key"),
        sa.UniqueConstraint("scope", "key", name="uq_idempotency_key_scope_key"),
        sa.UniqueConstraint("uuid", name="uq_idempotency_key_uuid"),
    )
    op.create_index("ix_idempotency_key_expires_at", "idempotency_key", ["expires_at"])

    op.create_table(
        "payment_method",
        sa.Column("tenant_id", INTEGER, nullable=False),
        sa.Column("provider_account_id", INTEGER, nullable=False),
        sa.Column("checkout_id", INTEGER),
        sa.Column("provider_id", sa.String(), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("brand", sa.String()),
        sa.Column("last4", sa.String()),
        sa.Column("exp_month", INTEGER),
        sa.Column("exp_year", INTEGER),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("removed_at", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.CheckConstraint(
            "status IN ('pending', 'valid', 'invalid')", name=op.f("ck_payment_method_status")
        ),
        sa.ForeignKeyConstraint(
            ["checkout_id"], ["checkout_session.id"], name="fk_payment_method_checkout_id"
        ),
        sa.ForeignKeyConstraint(
            ["provider_account_id"],
            ["provider_account.id"],
            name="fk_payment_method_provider_account_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_payment_method_tenant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_payment_method"),
        sa.UniqueConstraint(
            "provider_account_id",
            "provider_id",
            name="uq_payment_method_provider_account_id_provider_id",
        ),
        sa.UniqueConstraint("uuid", name="uq_payment_method_uuid"),
    )
    op.create_index("ix_payment_method_tenant_id", "payment_method", ["tenant_id"])

    op.create_table(
        "webhook_delivery",
        sa.Column("webhook_event_id", INTEGER, nullable=False),
        sa.Column("webhook_endpoint_id", INTEGER, nullable=False),
        sa.Column("lane", INTEGER, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries_left", INTEGER, nullable=False),
        sa.Column("claimed_until", MOMENT),
        sa.Column("next_try_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.CheckConstraint(
            "state IN ('waiting', 'delivered', 'failed')", name=op.f("ck_webhook_delivery_state")
        ),
        sa.ForeignKeyConstraint(
            ["webhook_endpoint_id"],
            ["webhook_endpoint.id"],
            name="fk_webhook_delivery_webhook_endpoint_id",
        ),
        sa.ForeignKeyConstraint(
            ["webhook_event_id"], ["webhook_event.id"], name="fk_webhook_delivery_webhook_event_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_delivery"),
        sa.UniqueConstraint("uuid", name="uq_webhook_delivery_uuid"),
        sa.UniqueConstraint(
            "webhook_event_id",
            "webhook_endpoint_id",
            name="uq_webhook_delivery_webhook_event_id_webhook_endpoint_id",
        ),
    )
    op.create_index(
        "ix_webhook_delivery_by_state", "webhook_delivery", ["webhook_endpoint_id", "state", "id"]
    )
    op.create_index(
        "ix_webhook_delivery_due",
        "webhook_delivery",
        ["next_try_at"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ix_webhook_delivery_order",
        "webhook_delivery",
        ["webhook_endpoint_id", "lane", "webhook_event_id"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ix_webhook_delivery_webhook_endpoint_id_id",
        "webhook_delivery",
        ["webhook_endpoint_id", "id"],
    )

    op.create_table(
        "subscription",
        sa.Column("app_id", INTEGER, nullable=False),
        sa.Column("tenant_id", INTEGER, nullable=False),
        sa.Column("provider_account_id", INTEGER, nullable=False),
        sa.Column("checkout_id", INTEGER),
        sa.Column("price_id", INTEGER, nullable=False),
        sa.Column("payment_method_id", INTEGER),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("is_duplicate", sa.Boolean(), nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.Column("provider_id", sa.String()),
        sa.Column("provider_ids", JSON, nullable=False),
        sa.Column("customer_provider_id", sa.String()),
        sa.Column("quantity", INTEGER, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("net", INTEGER, nullable=False),
        sa.Column("tax", INTEGER, nullable=False),
        sa.Column("total", INTEGER, nullable=False),
        sa.Column("tax_rule", sa.String()),
        sa.Column("tax_percentage", sa.Numeric(precision=7, scale=4)),
        sa.Column("credit", INTEGER, nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("anchor_at", MOMENT, nullable=False),
        sa.Column("period_start", MOMENT),
        sa.Column("period_end", MOMENT),
        sa.Column("settling_until", MOMENT),
        sa.Column("trial_end", MOMENT),
        sa.Column("overdue_since", MOMENT),
        sa.Column("next_retry_at", MOMENT),
        sa.Column("pay_by", MOMENT),
        sa.Column("canceled_at", MOMENT),
        sa.Column("cancel_reason", sa.String()),
        sa.Column("ended_at", MOMENT),
        sa.Column("end_reason", sa.String()),
        sa.Column("next_check_at", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.CheckConstraint(
            "end_reason IN ('canceled', 'provider', 'not_paid', 'charged_back', 'duplicate')",
            name=op.f("ck_subscription_end_reason"),
        ),
        sa.CheckConstraint(
            "status IN ('trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceling', 'incomplete', 'canceled')",
            name=op.f("ck_subscription_status"),
        ),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name="fk_subscription_app_id"),
        sa.ForeignKeyConstraint(
            ["checkout_id"], ["checkout_session.id"], name="fk_subscription_checkout_id"
        ),
        sa.ForeignKeyConstraint(
            ["payment_method_id"], ["payment_method.id"], name="fk_subscription_payment_method_id"
        ),
        sa.ForeignKeyConstraint(["price_id"], ["price.id"], name="fk_subscription_price_id"),
        sa.ForeignKeyConstraint(
            ["provider_account_id"],
            ["provider_account.id"],
            name="fk_subscription_provider_account_id",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_subscription_tenant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_subscription"),
        sa.UniqueConstraint(
            "provider_account_id",
            "provider_id",
            name="uq_subscription_provider_account_id_provider_id",
        ),
        sa.UniqueConstraint("uuid", name="uq_subscription_uuid"),
    )
    op.create_index("ix_subscription_checkout_id", "subscription", ["checkout_id"])
    op.create_index(
        "ix_subscription_ended",
        "subscription",
        ["provider_account_id", "ended_at"],
        sqlite_where=sa.text("ended_at IS NOT NULL"),
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
    op.create_index(
        "ix_subscription_in_trouble",
        "subscription",
        ["id"],
        sqlite_where=sa.text("status IN ('incomplete', 'past_due', 'unpaid')"),
        postgresql_where=sa.text("status IN ('incomplete', 'past_due', 'unpaid')"),
    )
    op.create_index(
        "ix_subscription_listed", "subscription", ["provider_account_id", "started_at", "id"]
    )
    op.create_index(
        "ix_subscription_listed_by_status",
        "subscription",
        ["provider_account_id", "status", "started_at", "id"],
    )
    op.create_index("ix_subscription_next_check_at", "subscription", ["next_check_at"])
    op.create_index("ix_subscription_price_id", "subscription", ["price_id"])
    op.create_index("ix_subscription_tenant_id_id", "subscription", ["tenant_id", "id"])
    op.create_index(
        "uq_subscription_running",
        "subscription",
        ["tenant_id", "livemode", "family"],
        unique=True,
        sqlite_where=sa.text(
            "status IN ('trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceling') AND NOT is_duplicate"
        ),
        postgresql_where=sa.text(
            "status IN ('trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceling') AND NOT is_duplicate"
        ),
    )

    op.create_table(
        "webhook_attempt",
        sa.Column("webhook_delivery_id", INTEGER, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("response_status", INTEGER),
        sa.Column("response_body", sa.String()),
        sa.Column("response_ms", INTEGER),
        sa.Column("error", sa.String()),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.ForeignKeyConstraint(
            ["webhook_delivery_id"],
            ["webhook_delivery.id"],
            name="fk_webhook_attempt_webhook_delivery_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_attempt"),
        sa.UniqueConstraint("uuid", name="uq_webhook_attempt_uuid"),
    )
    op.create_index(
        "ix_webhook_attempt_webhook_delivery_id", "webhook_attempt", ["webhook_delivery_id"]
    )

    op.create_table(
        "former_figure",
        sa.Column("subscription_id", INTEGER, nullable=False),
        sa.Column("provider_account_id", INTEGER, nullable=False),
        sa.Column("interval", sa.String(), nullable=False),
        sa.Column("net", INTEGER, nullable=False),
        sa.Column("from_at", MOMENT, nullable=False),
        sa.Column("until_at", MOMENT, nullable=False),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.CheckConstraint("interval IN ('month', 'year')", name=op.f("ck_former_figure_interval")),
        sa.ForeignKeyConstraint(
            ["provider_account_id"],
            ["provider_account.id"],
            name="fk_former_figure_provider_account_id",
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name="fk_former_figure_subscription_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_former_figure"),
        sa.UniqueConstraint("uuid", name="uq_former_figure_uuid"),
    )
    op.create_index(
        "ix_former_figure_provider_account_id_until_at",
        "former_figure",
        ["provider_account_id", "until_at"],
    )
    op.create_index(
        "ix_former_figure_subscription_id_until_at",
        "former_figure",
        ["subscription_id", "until_at"],
    )

    op.create_table(
        "payment",
        sa.Column("app_id", INTEGER, nullable=False),
        sa.Column("tenant_id", INTEGER),
        sa.Column("provider_account_id", INTEGER, nullable=False),
        sa.Column("checkout_id", INTEGER),
        sa.Column("subscription_id", INTEGER),
        sa.Column("provider_id", sa.String(), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("amount", INTEGER, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("refunded", INTEGER, nullable=False),
        sa.Column("charged_back", INTEGER, nullable=False),
        sa.Column("method", sa.String()),
        sa.Column("brand", sa.String()),
        sa.Column("last4", sa.String()),
        sa.Column("decline", sa.String()),
        sa.Column("attempted_at", MOMENT, nullable=False),
        sa.Column("paid_at", MOMENT),
        sa.Column("period_start", MOMENT),
        sa.Column("period_end", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.CheckConstraint(
            "status IN ('open', 'action_needed', 'processing', 'paid', 'failed', 'canceled', 'expired')",
            name=op.f("ck_payment_status"),
        ),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name="fk_payment_app_id"),
        sa.ForeignKeyConstraint(
            ["checkout_id"], ["checkout_session.id"], name="fk_payment_checkout_id"
        ),
        sa.ForeignKeyConstraint(
            ["provider_account_id"], ["provider_account.id"], name="fk_payment_provider_account_id"
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name="fk_payment_subscription_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_payment_tenant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_payment"),
        sa.UniqueConstraint(
            "provider_account_id", "provider_id", name="uq_payment_provider_account_id_provider_id"
        ),
        sa.UniqueConstraint("uuid", name="uq_payment_uuid"),
    )
    op.create_index("ix_payment_checkout_id", "payment", ["checkout_id"])
    op.create_index(
        "ix_payment_gone_back",
        "payment",
        ["provider_account_id", "attempted_at", "id"],
        sqlite_where=sa.text("(refunded > 0 OR charged_back > 0)"),
        postgresql_where=sa.text("(refunded > 0 OR charged_back > 0)"),
    )
    op.create_index("ix_payment_listed", "payment", ["provider_account_id", "attempted_at", "id"])
    op.create_index(
        "ix_payment_listed_by_status",
        "payment",
        ["provider_account_id", "status", "attempted_at", "id"],
    )
    op.create_index("ix_payment_subscription_id", "payment", ["subscription_id"])
    op.create_index("ix_payment_tenant_id_id", "payment", ["tenant_id", "id"])

    op.create_table(
        "subscription_change",
        sa.Column("subscription_id", INTEGER, nullable=False),
        sa.Column("user_id", INTEGER),
        sa.Column("price_id", INTEGER, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("moment", sa.String(), nullable=False),
        sa.Column("quantity", INTEGER, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("net", INTEGER, nullable=False),
        sa.Column("tax", INTEGER, nullable=False),
        sa.Column("total", INTEGER, nullable=False),
        sa.Column("due_now", INTEGER, nullable=False),
        sa.Column("decline", sa.String()),
        sa.Column("takes_effect_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.CheckConstraint(
            "moment IN ('now', 'period_end')", name=op.f("ck_subscription_change_moment")
        ),
        sa.CheckConstraint(
            "state IN ('previewed', 'confirmed', 'scheduled', 'done', 'failed', 'canceled')",
            name=op.f("ck_subscription_change_state"),
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_subscription_change_quantity")),
        sa.ForeignKeyConstraint(["price_id"], ["price.id"], name="fk_subscription_change_price_id"),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name="fk_subscription_change_subscription_id"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_subscription_change_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_subscription_change"),
        sa.UniqueConstraint("uuid", name="uq_subscription_change_uuid"),
    )
    op.create_index(
        "ix_subscription_change_subscription_id_id",
        "subscription_change",
        ["subscription_id", "id"],
    )
    op.create_index(
        "uq_subscription_change_on_its_way",
        "subscription_change",
        ["subscription_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('confirmed', 'scheduled')"),
        postgresql_where=sa.text("state IN ('confirmed', 'scheduled')"),
    )

    op.create_table(
        "timeline_entry",
        sa.Column("app_id", INTEGER, nullable=False),
        sa.Column("tenant_id", INTEGER),
        sa.Column("checkout_id", INTEGER),
        sa.Column("subscription_id", INTEGER),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("before", sa.String()),
        sa.Column("after", sa.String()),
        sa.Column("details", JSON),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name="fk_timeline_entry_app_id"),
        sa.ForeignKeyConstraint(
            ["checkout_id"], ["checkout_session.id"], name="fk_timeline_entry_checkout_id"
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name="fk_timeline_entry_subscription_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_timeline_entry_tenant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_timeline_entry"),
        sa.UniqueConstraint("uuid", name="uq_timeline_entry_uuid"),
    )
    op.create_index("ix_timeline_entry_checkout_id", "timeline_entry", ["checkout_id"])
    op.create_index(
        "ix_timeline_entry_tenant_id_livemode_id", "timeline_entry", ["tenant_id", "livemode", "id"]
    )

    op.create_table(
        "act",
        sa.Column("effect", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("provider_account_id", INTEGER, nullable=False),
        sa.Column("checkout_id", INTEGER),
        sa.Column("subscription_id", INTEGER),
        sa.Column("subscription_change_id", INTEGER),
        sa.Column("payment_id", INTEGER),
        sa.Column("payment_method_id", INTEGER),
        sa.Column("user_id", INTEGER),
        sa.Column("idempotency_key", sa.String()),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("result_id", sa.String()),
        sa.Column("error", sa.String()),
        sa.Column("tries", INTEGER, nullable=False),
        sa.Column("first_tried_at", MOMENT),
        sa.Column("claimed_until", MOMENT),
        sa.Column("next_try_at", MOMENT, nullable=False),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.CheckConstraint(
            "kind IN ('begin_subscription', 'change_subscription', 'cancel_subscription', 'resume_subscription', 'charge', 'collect', 'set_default_method', 'forget_payment_method', 'refund', 'expire_checkout', 'delete_customer')",
            name=op.f("ck_act_kind"),
        ),
        sa.CheckConstraint("state IN ('waiting', 'done', 'failed')", name=op.f("ck_act_state")),
        sa.ForeignKeyConstraint(
            ["checkout_id"], ["checkout_session.id"], name="fk_act_checkout_id"
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name="fk_act_payment_id"),
        sa.ForeignKeyConstraint(
            ["payment_method_id"], ["payment_method.id"], name="fk_act_payment_method_id"
        ),
        sa.ForeignKeyConstraint(
            ["provider_account_id"], ["provider_account.id"], name="fk_act_provider_account_id"
        ),
        sa.ForeignKeyConstraint(
            ["subscription_change_id"],
            ["subscription_change.id"],
            name="fk_act_subscription_change_id",
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name="fk_act_subscription_id"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_act_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_act"),
        sa.UniqueConstraint("effect", name="uq_act_effect"),
        sa.UniqueConstraint("uuid", name="uq_act_uuid"),
    )
    op.create_index("ix_act_checkout_id", "act", ["checkout_id"])
    op.create_index(
        "ix_act_due",
        "act",
        ["next_try_at"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ix_act_failed",
        "act",
        ["id"],
        sqlite_where=sa.text("state = 'failed'"),
        postgresql_where=sa.text("state = 'failed'"),
    )
    op.create_index(
        "ix_act_result",
        "act",
        ["provider_account_id", "result_id"],
        sqlite_where=sa.text("kind IN ('begin_subscription', 'resume_subscription')"),
        postgresql_where=sa.text("kind IN ('begin_subscription', 'resume_subscription')"),
    )
    op.create_index("ix_act_subscription_id", "act", ["subscription_id"])

    op.create_table(
        "refund",
        sa.Column("payment_id", INTEGER, nullable=False),
        sa.Column("provider_account_id", INTEGER, nullable=False),
        sa.Column("provider_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("amount", INTEGER, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.CheckConstraint(
            "status IN ('pending', 'refunded', 'failed')", name=op.f("ck_refund_status")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name="fk_refund_payment_id"),
        sa.ForeignKeyConstraint(
            ["provider_account_id"], ["provider_account.id"], name="fk_refund_provider_account_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_refund"),
        sa.UniqueConstraint(
            "provider_account_id", "provider_id", name="uq_refund_provider_account_id_provider_id"
        ),
        sa.UniqueConstraint("uuid", name="uq_refund_uuid"),
    )
    op.create_index("ix_refund_payment_id", "refund", ["payment_id"])
    op.create_index(
        "ix_refund_provider_account_id_recorded_at",
        "refund",
        ["provider_account_id", "recorded_at"],
    )

    op.create_table(
        "invoice",
        sa.Column("app_id", INTEGER, nullable=False),
        sa.Column("tenant_id", INTEGER),
        sa.Column("provider_account_id", INTEGER, nullable=False),
        sa.Column("checkout_id", INTEGER),
        sa.Column("subscription_id", INTEGER),
        sa.Column("price_id", INTEGER),
        sa.Column("payment_id", INTEGER),
        sa.Column("refund_id", INTEGER),
        sa.Column("corrects_id", INTEGER),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", INTEGER),
        sa.Column("document_number", sa.String()),
        sa.Column("provider_id", sa.String()),
        sa.Column("provider_number", sa.String()),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("listed_as", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("net", INTEGER, nullable=False),
        sa.Column("tax", INTEGER, nullable=False),
        sa.Column("total", INTEGER, nullable=False),
        sa.Column("tax_rule", sa.String()),
        sa.Column("tax_percentage", sa.Numeric(precision=7, scale=4)),
        sa.Column("tax_sentence", JSON),
        sa.Column("lines", JSON, nullable=False),
        sa.Column("seller", JSON, nullable=False),
        sa.Column("buyer", JSON, nullable=False),
        sa.Column("paid_with", JSON),
        sa.Column("locale", sa.String()),
        sa.Column("hosted_url", sa.String()),
        sa.Column("pdf_url", sa.String()),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("paid_at", MOMENT),
        sa.Column("period_start", MOMENT),
        sa.Column("period_end", MOMENT),
        sa.Column("id", INTEGER, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.CheckConstraint("kind IN ('invoice', 'credit_note')", name=op.f("ck_invoice_kind")),
        sa.CheckConstraint(
            "listed_as IN ('draft', 'open', 'paid', 'partly_refunded', 'refunded', 'charged_back', 'uncollectible', 'void', 'credit_note')",
            name=op.f("ck_invoice_listed_as"),
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'open', 'paid', 'uncollectible', 'void')",
            name=op.f("ck_invoice_status"),
        ),
        sa.ForeignKeyConstraint(["app_id"], ["app.id"], name="fk_invoice_app_id"),
        sa.ForeignKeyConstraint(
            ["checkout_id"], ["checkout_session.id"], name="fk_invoice_checkout_id"
        ),
        sa.ForeignKeyConstraint(["corrects_id"], ["invoice.id"], name="fk_invoice_corrects_id"),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name="fk_invoice_payment_id"),
        sa.ForeignKeyConstraint(["price_id"], ["price.id"], name="fk_invoice_price_id"),
        sa.ForeignKeyConstraint(
            ["provider_account_id"], ["provider_account.id"], name="fk_invoice_provider_account_id"
        ),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name="fk_invoice_refund_id"),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name="fk_invoice_subscription_id"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="fk_invoice_tenant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_invoice"),
        sa.UniqueConstraint(
            "app_id", "livemode", "number", name="uq_invoice_app_id_livemode_number"
        ),
        sa.UniqueConstraint("payment_id", name="uq_invoice_payment_id"),
        sa.UniqueConstraint(
            "provider_account_id", "provider_id", name="uq_invoice_provider_account_id_provider_id"
        ),
        sa.UniqueConstraint("refund_id", name="uq_invoice_refund_id"),
        sa.UniqueConstraint("uuid", name="uq_invoice_uuid"),
    )
    op.create_index("ix_invoice_app_id_document_number", "invoice", ["app_id", "document_number"])
    op.create_index("ix_invoice_app_id_id", "invoice", ["app_id", "id"])
    op.create_index("ix_invoice_app_id_provider_number", "invoice", ["app_id", "provider_number"])
    op.create_index("ix_invoice_checkout_id", "invoice", ["checkout_id"])
    op.create_index("ix_invoice_corrects_id", "invoice", ["corrects_id"])
    op.create_index("ix_invoice_listed", "invoice", ["provider_account_id", "issued_at", "id"])
    op.create_index(
        "ix_invoice_listed_by_standing",
        "invoice",
        ["provider_account_id", "listed_as", "issued_at", "id"],
    )
    op.create_index("ix_invoice_subscription_id", "invoice", ["subscription_id"])
    op.create_index(
        "ix_invoice_tenant_id_livemode_issued_at", "invoice", ["tenant_id", "livemode", "issued_at"]
    )


def downgrade() -> None:
    op.drop_table("invoice")
    op.drop_table("refund")
    op.drop_table("act")
    op.drop_table("timeline_entry")
    op.drop_table("subscription_change")
    op.drop_table("payment")
    op.drop_table("former_figure")
    op.drop_table("webhook_attempt")
    op.drop_table("subscription")
    op.drop_table("webhook_delivery")
    op.drop_table("payment_method")
    op.drop_table("idempotency_key")
    op.drop_table("webhook_event")
    op.drop_table("provider_price")
    op.drop_table("portal_link")
    op.drop_table("checkout_session")
    op.drop_table("provider_tax_rate")
    op.drop_table("provider_product")
    op.drop_table("provider_event")
    op.drop_table("price")
    op.drop_table("membership")
    op.drop_table("mail")
    op.drop_table("invitation")
    op.drop_table("customer")
    op.drop_table("audit_entry")
    op.drop_table("webhook_endpoint")
    op.drop_table("tenant")
    op.drop_table("tax_rate")
    op.drop_table("signing_key")
    op.drop_table("provider_account")
    op.drop_table("product")
    op.drop_table("origin")
    op.drop_table("app_member")
    op.drop_table("app_invitation")
    op.drop_table("api_key")
    op.drop_table("user_session")
    op.drop_table("recovery_code")
    op.drop_table("password_reset")
    op.drop_table("app")
    op.drop_table("user")
    op.drop_table("logo")
    op.drop_table("lease")
    op.drop_table("failed_sign_in")
