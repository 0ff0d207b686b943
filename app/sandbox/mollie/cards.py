"""Test inputs: which card, bank or amount makes a payment go which way."""

from dataclasses import dataclass

from app.sandbox.store import Json


@dataclass(frozen=True)
class Card:
    """`decline` and `later` are Mollie's failure reasons, for this payment and for those charged
    later without the payer."""

    number: str
    effect: str
    label: str = "Visa"
    decline: str | None = None
    later: str | None = None
    asks_3ds: bool = False


@dataclass(frozen=True)
class Bank:
    """`later` is the bank's reason code for later direct debits."""

    id: str
    name: str
    account: str
    bic: str
    later: str | None = None


CARDS = {
    card.number: card
    for card in (
        Card("4242424242424242", "pays"),
        Card("5555555555554444", "pays", label="Mastercard"),
        Card("4000000000000002", "is declined", decline="card_declined"),
        Card("4000000000009995", "has too little money", decline="insufficient_funds"),
        Card("4000000000000069", "has expired", decline="card_expired"),
        Card("4000000000000127", "has another security code", decline="invalid_cvv"),
        Card("4100000000000019", "is taken for fraud", decline="possible_fraud"),
        Card("4000002760003184", "asks for 3-D Secure, then pays", asks_3ds=True),
        Card(
            "4000000000000341",
            "pays now; every later charge fails",
            later="insufficient_funds",
        ),
    )
}
BANKS = {
    bank.id: bank
    for bank in (
        Bank("testbank", "Test bank", "NL55INGB0000000000", "INGBNL2A"),
        Bank(
            "poorbank",
            "Test bank that returns later debits",
            "NL02ABNA0123456789",
            "ABNANL2A",
            later="AM04",
        ),
        Bank(
            "closingbank",
            "Test bank that closes the account",
            "NL91RABO0315273637",
            "RABONL2U",
            later="AC04",
        ),
    )
}
# Amounts in EUR at which a card payment fails in Mollie's test mode ("Testing").
AMOUNTS = {
    "1001.00": "invalid_card_number",
    "1002.00": "invalid_cvv",
    "1003.00": "invalid_card_holder_name",
    "1004.00": "card_expired",
    "1005.00": "invalid_card_type",
    "1006.00": "refused_by_issuer",
    "1007.00": "insufficient_funds",
    "1008.00": "inactive_card",
    "1009.00": "possible_fraud",
    "1010.00": "authentication_failed",
    "1011.00": "card_declined",
}
DEBIT_REASONS = {"AM04": "Insufficient funds", "AC04": "Account closed"}
# Reasons after which the mandate is worth nothing.
ENDS_MANDATE = frozenset({"AC04"})
HOLDER = "T. Tester"
EXPIRY = "2030-12-31"


def read_number(text: str) -> Card | None:
    """Find the card of a number typed with or without spaces."""
    return CARDS.get("".join(text.split()))


def decline(card: Card, amount: Json) -> str | None:
    """Answer why a card does not pay this amount, None where it does."""
    magic = AMOUNTS.get(amount["value"]) if amount["currency"] == "EUR" else None
    return card.decline or magic


def card_details(card: Card, holder: str) -> Json:
    """Write what a card payment shows of its card."""
    return {
        "cardNumber": card.number[-4:],
        "cardHolder": holder,
        "cardLabel": card.label,
        "cardExpiryDate": EXPIRY,
        "cardFingerprint": f"fp{card.number[::-1]}",
        "cardFunding": "credit",
        "cardAudience": "consumer",
        "cardCountryCode": "NL",
        "cardSecurity": "3dsecure" if card.asks_3ds else "normal",
        "feeRegion": "intra-eu",
    }


def bank_details(bank: Bank) -> Json:
    """Write what a bank payment shows of the account it came from."""
    return {"consumerName": HOLDER, "consumerAccount": bank.account, "consumerBic": bank.bic}


def paypal_details() -> Json:
    """Write what a PayPal payment shows of its payer."""
    return {
        "consumerName": HOLDER,
        "consumerAccount": "payer@sandbox.example",
        "paypalReference": "9AL35361CF606152E",
        "paypalPayerId": "WDJJHEBZ4X2LY",
    }
