"""Say what Stripe's page shall ask the payer for."""

from __future__ import annotations

from typing import Any

from app.providers import base

# Stripe's API reference, Checkout Session, `shipping_address_collection`: a closed list.
_SHIPS_TO = (
    "AC AD AE AF AG AI AL AM AO AQ AR AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR "
    "BS BT BV BW BY BZ CA CD CF CG CH CI CK CL CM CN CO CR CV CW CY CZ DE DJ DK DM DO DZ EC EE EG "
    "EH ER ES ET FI FJ FK FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HN HR "
    "HT HU ID IE IL IM IN IO IQ IS IT JE JM JO JP KE KG KH KI KM KN KR KW KY KZ LA LB LC LI LK LR "
    "LS LT LU LV LY MA MC MD ME MF MG MK ML MM MN MO MQ MR MS MT MU MV MW MX MY MZ NA NC NE NG NI "
    "NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PY QA RE RO RS RU RW SA SB SC SD SE "
    "SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SZ TA TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW "
    "TZ UA UG US UY UZ VA VC VE VG VN VU WF WS XK YE YT ZA ZM ZW ZZ"
)
_SHIPPING_COUNTRIES = _SHIPS_TO.split()

# Stripe shows this sentence beside its checkbox and turns the brackets into a link.
_SENTENCES = {
    "de": "Ich stimme den [Nutzungsbedingungen]({url}) zu.",
    "en": "I agree to the [terms of service]({url}).",
    "es": "Acepto las [condiciones del servicio]({url}).",
    "fr": "J’accepte les [conditions d’utilisation]({url}).",
    "it": "Accetto i [termini di servizio]({url}).",
    "nl": "Ik ga akkoord met de [servicevoorwaarden]({url}).",
    "pl": "Akceptuję [warunki korzystania z usługi]({url}).",
    "pt": "Aceito os [termos de serviço]({url}).",
    "sv": "Jag godkänner [användarvillkoren]({url}).",
}


def params(request: base.CheckoutRequest) -> dict[str, Any]:
    """Write what a session asks for. Consent may be refused by Stripe until the owner has named
    terms of service in the Dashboard."""
    collect = request.collect
    asked: dict[str, Any] = {}
    # What the payer enters is kept with the customer, which Stripe demands for tax ids.
    update: dict[str, Any] = {}
    if collect.billing_address:
        asked["billing_address_collection"] = "required"
        update["address"] = "auto"
    # A set-up ships nothing and invoices nothing: Stripe refuses both there.
    is_sale = request.mode != "setup"
    if collect.shipping_address and is_sale:
        asked["shipping_address_collection"] = {"allowed_countries": _SHIPPING_COUNTRIES}
        update["shipping"] = "auto"
    if collect.tax_id != "no" and is_sale:
        asked["tax_id_collection"] = {
            "enabled": True,
            "required": "if_supported" if collect.tax_id == "required" else "never",
        }
        update["name"] = "auto"
    if collect.terms:
        asked["consent_collection"] = {"terms_of_service": "required"}
    if collect.terms and collect.terms_url is not None:
        message = _sentence(collect.terms_url, request.locale)
        asked["custom_text"] = {"terms_of_service_acceptance": {"message": message}}
    if update and request.customer_id is not None:
        asked["customer_update"] = update
    return asked


def _sentence(url: str, locale: str | None) -> str:
    words = _SENTENCES.get((locale or "en")[:2].lower(), _SENTENCES["en"])
    # A bracket in the address would end the link too early.
    return words.format(url=url.replace("(", "%28").replace(")", "%29"))
