"""We call the internet and nothing beside us, whatever a name or an address pretends to be."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from app.billing.errors import Invalid
from app.billing.webhooks import addresses
from app.billing.webhooks.addresses import Refused

PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:4700:4700::1111"]
PRIVATE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.8.9.10",
    "169.254.169.254",
    "168.63.129.16",
    "172.16.5.4",
    "192.0.0.192",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.7",
    "224.0.0.1",
    "224.0.1.1",
    "239.1.2.3",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::a00:1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]


class TestAnAddress:
    @pytest.mark.parametrize("address", PUBLIC)
    def test_of_the_internet_is_called(self, address: str) -> None:
        assert addresses.is_public(ip_address(address))

    @pytest.mark.parametrize("address", PRIVATE)
    def test_that_is_or_leads_anywhere_else_is_not(self, address: str) -> None:
        assert not addresses.is_public(ip_address(address))


class TestAName:
    @pytest.mark.parametrize("found", [["10.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["fe80::1%eth0"]])
    def test_that_leads_to_a_private_network_is_refused(self, found: list[str]) -> None:
        with pytest.raises(Refused):
            addresses.check("https://a.example/", is_open=False, look_up=lambda *_: found)

    @pytest.mark.parametrize(
        ("url", "private"),
        [
            ("https://127.1/", "127.0.0.1"),
            ("https://2130706433/", "127.0.0.1"),
            ("https://0x7f.1/", "127.0.0.1"),
            ("https://localhost./", "127.0.0.1"),
            ("https://[::ffff:7f00:1]/", "::ffff:127.0.0.1"),
        ],
    )
    def test_is_judged_by_what_the_system_makes_of_it(self, url: str, private: str) -> None:
        with pytest.raises(Refused):
            addresses.check(url, is_open=False, look_up=lambda *_: [private])

    def test_is_looked_up_by_the_system(self) -> None:
        with pytest.raises(Refused):
            addresses.check("https://127.0.0.1:8443/", is_open=False)

    def test_is_kept_beside_the_address_that_was_checked(self) -> None:
        url = "https://hooks.example.com:8443/in?app=1"

        target = addresses.check(url, is_open=False, look_up=lambda *_: ["8.8.8.8", "8.8.4.4"])

        assert (target.ip, target.host, target.port) == ("8.8.8.8", "hooks.example.com", 8443)
        assert (target.host_header, target.path) == ("hooks.example.com:8443", "/in?app=1")

    @pytest.mark.parametrize("found", [[], OSError("unknown")])
    def test_that_is_none_is_refused(self, found: list[str] | OSError) -> None:
        def look_up(host: str, port: int) -> list[str]:
            if isinstance(found, OSError):
                raise found
            return found

        with pytest.raises(Refused):
            addresses.check("https://a.example/", is_open=False, look_up=look_up)

    def test_on_this_machine_is_called_in_the_demo(self) -> None:
        assert addresses.check("http://127.0.0.1:8000", is_open=True).ip == "127.0.0.1"

    @pytest.mark.parametrize(
        "beside", ["10.0.0.1", "169.254.169.254", "192.168.0.1", "fd00:ec2::254"]
    )
    def test_beside_this_machine_is_refused_in_the_demo_too(self, beside: str) -> None:
        with pytest.raises(Refused):
            addresses.check("http://a.example/", is_open=True, look_up=lambda *_: [beside])

    def test_without_tls_is_refused_outside_the_demo(self) -> None:
        with pytest.raises(Refused):
            addresses.check("http://a.example/", is_open=False, look_up=lambda *_: ["8.8.8.8"])


class TestRequire:
    @pytest.mark.parametrize(
        "url",
        [
            "http://app.example.com/hooks",
            "https://app.example.com/hooks#a",
            "https://tara:secret@app.example.com/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://169.254.169.254/latest",
            "ftp://app.example.com/",
            "app.example.com",
            "https://app.example.com/ hooks",
            "https://app.example.com/" + "a" * 2000,
            "https://[::1",
        ],
    )
    def test_refuses_what_would_never_be_called(self, url: str) -> None:
        with pytest.raises(Invalid) as refused:
            addresses.require(url, field="url", is_open=False)

        assert refused.value.field == "url"

    def test_takes_a_name_without_looking_it_up(self) -> None:
        addresses.require("https://app.example.com:8443/hooks?a=1", field="url", is_open=False)

    @pytest.mark.parametrize("url", ["http://127.0.0.1:8000/", "http://localhost:8000/hooks"])
    def test_takes_this_machine_in_the_demo(self, url: str) -> None:
        addresses.require(url, field="url", is_open=True)
