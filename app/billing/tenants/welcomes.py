"""Welcomes: a tenant made by hand in the console, and its first admin asked to come."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy.orm import Session

from app.billing.people import invitation_links, invitations
from app.billing.site import Site
from app.billing.tenants import deputies, enrollments, tenant_people
from app.billing.tenants.deputies import Deputy
from app.billing.tenants.tenant_details import Details
from app.models import AppMember, Tenant


def welcome(
    db: Session,
    site: Site,
    member: AppMember,
    *,
    name: str,
    email: str,
    details: Details | None,
    key: str,
) -> Tenant:
    """Make a tenant with the verbs of the API and invite its first admin. Commits.

    `key` is of the form that was sent: sent twice it makes one tenant and one mail, and what
    stopped half way goes on. Raises Invalid naming the field (`name`, `email` or one of the
    details), and what `enrollments.once_only` does.
    """
    address = invitation_links.address_of(email)
    known = asdict(details) if details else None
    tenant = enrollments.once_only(
        db,
        member.app,
        name,
        [],
        details,
        scope=f"console {member.uuid}",
        key=key,
        body={"name": name, "email": address, "details": known},
    )
    deputy = Deputy(member, tenant)
    if not invitations.listed(db, tenant):
        deputies.note(db, deputy, "tenant.created")
        tenant_people.invite(db, site, deputy, email=address, role="admin")
    db.commit()
    return tenant
