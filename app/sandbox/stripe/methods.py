"""Know the payment methods: where each can be used, and which test input does what."""

from dataclasses import dataclass

from app.sandbox.guide import Guide


@dataclass(frozen=True)
class Method:
    """A payment method type: its currencies (empty: all), modes, and how money arrives."""

    label: str
    currencies: tuple[str, ...] = ()
    modes: tuple[str, ...] = ("payment",)
    delayed: bool = False
    # What is kept for later charges; bank redirects leave a SEPA debit mandate behind.
    saved_as: str | None = None


@dataclass(frozen=True)
class Card:
    """A test card: what happens now, with 3-D Secure or not, and at later charges."""

    brand: str
    decline: str | None = None
    asks_3ds: bool = False
    later: str | None = None
    says: str = "Pays"


ALL_MODES = ("payment", "subscription", "setup")

METHODS: dict[str, Method] = {
    "card": Method("Card", (), ALL_MODES, saved_as="card"),
    "sepa_debit": Method("SEPA Direct Debit", ("eur",), ALL_MODES, True, "sepa_debit"),
    "ideal": Method("iDEAL | Wero", ("eur",), ALL_MODES, saved_as="sepa_debit"),
    "bancontact": Method("Bancontact", ("eur",), ALL_MODES, saved_as="sepa_debit"),
    "eps": Method("EPS", ("eur",)),
    "p24": Method("Przelewy24", ("eur", "pln")),
    "blik": Method("BLIK", ("pln",)),
    "twint": Method("TWINT", ("chf",)),
    "klarna": Method(
        "Klarna", ("eur", "usd", "gbp", "dkk", "nok", "sek", "chf", "pln", "czk", "cad", "aud")
    ),
    "paypal": Method(
        "PayPal",
        ("eur", "usd", "gbp", "chf", "czk", "dkk", "nok", "pln", "sek", "aud", "cad"),
        ALL_MODES,
        saved_as="paypal",
    ),
    "pay_by_bank": Method("Pay by bank", ("gbp", "eur")),
    "link": Method("Link", (), ALL_MODES, saved_as="link"),
}

GOOD_CARD = "4242 4242 4242 4242"
CARDS: dict[str, Card] = {
    "4242424242424242": Card("visa"),
    "5555555555554444": Card("mastercard"),
    "378282246310005": Card("amex"),
    "4000002500003155": Card(
        "visa", asks_3ds=True, says="Asks for 3-D Secure once; later charges pass"
    ),
    "4000002760003184": Card(
        "visa",
        asks_3ds=True,
        later="authentication_required",
        says="Asks for 3-D Secure every time; later charges fail for want of it",
    ),
    "4000000000003220": Card("visa", asks_3ds=True, says="Asks for 3-D Secure"),
    "4000000000000002": Card("visa", "generic_decline", says="Is declined"),
    "4000000000009995": Card("visa", "insufficient_funds", says="Has insufficient funds"),
    "4000000000009987": Card("visa", "lost_card", says="Was lost"),
    "4000000000000069": Card("visa", "expired_card", says="Has expired"),
    "4000000000000127": Card("visa", "incorrect_cvc", says="Has another security code"),
    "4000000000000119": Card("visa", "processing_error", says="Cannot be processed"),
    "4000008400001629": Card(
        "visa", "generic_decline", asks_3ds=True, says="Asks for 3-D Secure, then is declined"
    ),
    "4000000000000341": Card(
        "visa", later="generic_decline", says="Pays now; every later charge fails"
    ),
}

GOOD_IBAN = "DE89370400440532013000"
FAILING_IBANS = ("DE62370400440532013001", "AT861904300235473202", "NL79ABNA0417164301")

# decline code → error code, sentence
DECLINES: dict[str, tuple[str, str]] = {
    "generic_decline": ("card_declined", "Your card was declined."),
    "insufficient_funds": ("card_declined", "Your card has insufficient funds."),
    "lost_card": ("card_declined", "Your card was declined."),
    "expired_card": ("expired_card", "Your card has expired."),
    "incorrect_cvc": ("incorrect_cvc", "Your card's security code is incorrect."),
    "processing_error": (
        "processing_error",
        "An error occurred while processing your card. Try again in a little bit.",
    ),
    "test_mode_live_card": (
        "card_declined",
        "Your card was declined. Your request was in test mode, but used a non test card.",
    ),
    "authentication_required": (
        "authentication_required",
        "Your card was declined. This transaction requires authentication.",
    ),
    "three_d_secure": (
        "payment_intent_authentication_failure",
        "We are unable to authenticate your payment method. Please choose another one.",
    ),
    "debit_failed": (
        "payment_intent_payment_attempt_failed",
        "The bank refused this direct debit.",
    ),
}

GUIDES = (
    Guide(
        "Stripe: card numbers",
        tuple(
            (" ".join(number[i : i + 4] for i in range(0, len(number), 4)), card.says)
            for number, card in CARDS.items()
        ),
    ),
    Guide(
        "Stripe: IBANs for SEPA Direct Debit",
        (
            (GOOD_IBAN, "Is debited five days later"),
            *((iban, "Fails five days later") for iban in FAILING_IBANS),
        ),
    ),
)


def usable(currency: str | None, mode: str, allowed: list[str] | None) -> list[str]:
    """Give the types a session may offer, in the order of `allowed` or of the table."""
    names = [name for name in (allowed or METHODS) if name in METHODS]
    return [
        name
        for name in names
        if mode in METHODS[name].modes
        and (
            currency is None or not METHODS[name].currencies or currency in METHODS[name].currencies
        )
    ]


def digits(text: str) -> str:
    """Answer the digits of a text."""
    return "".join(c for c in text if c.isascii() and c.isalnum()).upper()


def card_for(number: str) -> Card | None:
    """Give the test card of a number; None when it is no card number at all."""
    plain = digits(number)
    if plain in CARDS:
        return CARDS[plain]
    if not plain.isdigit() or not 12 <= len(plain) <= 19 or not _luhn(plain):
        return None
    return Card("visa", "test_mode_live_card")


def is_iban(text: str) -> bool:
    """Check an IBAN's length and its check digits (ISO 13616)."""
    plain = digits(text)
    if not 15 <= len(plain) <= 34 or not plain[:2].isalpha() or not plain[2:4].isdigit():
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def _luhn(number: str) -> bool:
    doubled = [int(d) * (2 if i % 2 else 1) for i, d in enumerate(reversed(number))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0
