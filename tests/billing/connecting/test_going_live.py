"""Going live."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app.billing.connecting import (
    going_live,
)
from app.billing.errors import Conflict
from app.billing.site import Site
from app.models import (
    AppMember,
)


class TestGo:
    def test_is_refused_where_no_real_money_may_move(
        self, db: Session, site: Site, owner: AppMember
    ) -> None:
        with pytest.raises(Conflict, match="can never go live"):
            going_live.go(db, site, owner, typed_name=owner.app.name)
