"""Ask both providers the same questions, over HTTP, against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.providers.contract import bench as benches
from tests.providers.contract.bench import Bench, Sandbox
from tests.providers.contract.customers import TestCustomers, TestTaxRates
from tests.providers.contract.failing import TestFault, TestWrongKey
from tests.providers.contract.listening import TestCatalogue, TestCheck, TestEvents
from tests.providers.contract.methods import TestCharge, TestInvoices, TestMethods
from tests.providers.contract.opening import TestExpire, TestOpen, TestOpenElsewise
from tests.providers.contract.paying import TestOffer, TestPaid, TestPay
from tests.providers.contract.refunding import TestRefund
from tests.providers.contract.subscribing import TestCancel, TestChange, TestSubscription

__all__ = [
    "TestCancel",
    "TestCatalogue",
    "TestChange",
    "TestCharge",
    "TestCheck",
    "TestCustomers",
    "TestEvents",
    "TestExpire",
    "TestFault",
    "TestInvoices",
    "TestMethods",
    "TestOffer",
    "TestOpen",
    "TestOpenElsewise",
    "TestPaid",
    "TestPay",
    "TestRefund",
    "TestSubscription",
    "TestTaxRates",
    "TestWrongKey",
]


@pytest.fixture(params=benches.NAMES)
def bench(request: pytest.FixtureRequest, served: Sandbox) -> Iterator[Bench]:
    """Give a provider an account of its own, and hold what went over the wire to its contract."""
    served.server.reset()
    served.exchanges.clear()
    bench = Bench(request.param, served.server)
    yield bench
    bench.close()
    served.server.clear_faults()
    served.check()
