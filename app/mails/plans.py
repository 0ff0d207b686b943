"""What mails say about plans: renewing, changed, ending, and the card that pays for them."""

from __future__ import annotations

from app import figures
from app.billing.mail.mail_kinds import Canceled, CardExpiring, PlanChanged, RenewalAhead
from app.billing.methods import method_names
from app.billing.text import Text
from app.mails import content
from app.mails.content import Button, Content, Fact
from app.mails.places import Places

_ENDED = {
    "canceled": Text("It had been canceled, and the paid time is over."),
    "provider": Text("It was ended at the payment provider."),
    "not_paid": Text("The last period was not paid, and the time to pay it is over."),
    "charged_back": Text("Its payment was taken back by the bank."),
    "duplicate": Text(
        "It had been bought twice: the other one goes on, and what was paid for this one is given"
        " back."
    ),
}


def renewal_ahead(told: RenewalAhead, places: Places) -> Content:
    """A charge is coming."""
    values = {"plan": told.plan, "amount": told.amount, "at": told.charge_at}
    return Content(
        subject=_ahead_subject(told, values),
        heading=_ahead_heading(told, values),
        paragraphs=(
            _ahead(told, values),
            Text("If you want to keep the plan, there is nothing for you to do."),
            Text("To change or cancel the plan, do so before that day."),
        ),
        facts=content.only(
            (Text("Plan"), told.plan),
            (Text("Charged on"), told.charge_at),
            (Text("Amount"), told.amount),
            (Text("Paid with"), content.method(told.method, told.brand, told.last4)),
        ),
        button=Button(Text("See your plan"), places.subscription),
    )


def plan_changed(told: PlanChanged, places: Places) -> Content:
    """Another plan, period or quantity is in force, or will be."""
    values = {"plan": told.plan, "before": told.before_plan, "at": told.takes_effect_at}
    later = Text("Your plan changes on %(at)s", values)
    now = Text("Your plan has changed")
    return Content(
        subject=later if told.is_scheduled else now,
        heading=later if told.is_scheduled else now,
        paragraphs=(_changed(told, values), _money_of_change(told), _costs(told)),
        facts=content.only(
            *_before_and_after(told),
            (Text("From"), told.takes_effect_at),
            (Text("Charged today"), told.charged),
            (Text("Credit"), told.credited),
            (Text("Next charge"), told.next_charge_at),
        ),
        button=Button(Text("See your plan"), places.subscription),
        after=(Text("If you did not ask for this, write to us."),),
    )


def canceled(told: Canceled, places: Places) -> Content:
    """A plan ends, or has ended."""
    values = {"plan": told.plan, "at": told.ends_at}
    if told.is_over:
        return Content(
            subject=Text("%(plan)s has ended", values),
            heading=Text("%(plan)s has ended", values),
            paragraphs=content.some(
                Text("Your plan ended on %(at)s.", values),
                _ENDED.get(told.reason or ""),
                Text("Nothing more is charged for it. You can choose a plan again at any time."),
            ),
            facts=((Text("Plan"), told.plan), (Text("Ended on"), told.ends_at)),
            button=Button(Text("Choose a plan"), places.plans),
        )
    return Content(
        subject=Text("%(plan)s ends on %(at)s", values),
        heading=Text("%(plan)s ends on %(at)s", values),
        paragraphs=(
            Text("Your plan is canceled. You can use it until %(at)s.", values),
            Text("Nothing more is charged for it. Until then you can still resume it."),
        ),
        facts=((Text("Plan"), told.plan), (Text("Ends on"), told.ends_at)),
        button=Button(Text("Keep the plan after all"), places.subscription),
    )


def card_expiring(told: CardExpiring, places: Places) -> Content:
    """The card on file will soon be of no use."""
    card = method_names.paid_with("card", told.brand, told.last4)
    values = {
        "card": card,
        "plan": told.plan,
        "at": told.next_charge_at,
        "month": figures.month((told.exp_month, told.exp_year)),
    }
    comes_after = Text("The next charge for %(plan)s is on %(at)s.", values)
    return Content(
        subject=Text("Your card expires soon: %(card)s", values),
        heading=Text("Your card expires at the end of %(month)s", values),
        paragraphs=content.some(
            Text("%(card)s is on file for your payments and expires soon.", values),
            comes_after if told.plan and told.next_charge_at else None,
            Text("Add a card that is valid for longer, so that no payment fails."),
        ),
        facts=content.only(
            (Text("Card"), card),
            (Text("Expires"), figures.month((told.exp_month, told.exp_year))),
            (Text("Pays for"), told.plan),
            (Text("Next charge"), told.next_charge_at),
            (Text("Amount"), told.next_charge),
        ),
        button=Button(Text("Add another card"), places.methods),
        after=(Text("If your bank has replaced the card on file by now, ignore this mail."),),
    )


def _ahead_subject(told: RenewalAhead, values: dict[str, object]) -> Text:
    if told.is_first:
        return Text("Your trial of %(plan)s ends on %(at)s", values)
    return Text("%(plan)s renews on %(at)s", values)


def _ahead_heading(told: RenewalAhead, values: dict[str, object]) -> Text:
    if told.is_first:
        return Text("Your trial ends on %(at)s", values)
    return Text("%(plan)s renews on %(at)s", values)


def _ahead(told: RenewalAhead, values: dict[str, object]) -> Text:
    if told.is_first:
        return Text("Then %(plan)s begins, and %(amount)s is charged for the first time.", values)
    if told.interval == "year":
        return Text("On that day %(amount)s is charged for the next year.", values)
    return Text("On that day %(amount)s is charged for the next month.", values)


def _changed(told: PlanChanged, values: dict[str, object]) -> Text:
    if told.plan != told.before_plan:
        if told.is_scheduled:
            return Text("%(before)s becomes %(plan)s on %(at)s.", values)
        return Text("%(before)s has become %(plan)s.", values)
    if told.quantity != told.before_quantity:
        if told.is_scheduled:
            return Text("The quantity of %(plan)s changes on %(at)s.", values)
        return Text("The quantity of %(plan)s has been changed.", values)
    if told.interval == "year":
        return Text("%(plan)s is billed yearly from %(at)s on.", values)
    return Text("%(plan)s is billed monthly from %(at)s on.", values)


def _before_and_after(told: PlanChanged) -> tuple[Fact, ...]:
    before = _much(told.before_plan, told.before_quantity)
    after = _much(told.plan, told.quantity)
    if before == after:
        return ((Text("Plan"), after),)
    label = Text("Then") if told.is_scheduled else Text("Now")
    return ((Text("Before"), before), (label, after))


def _money_of_change(told: PlanChanged) -> Text:
    if told.charged is not None and told.charged.minor:
        return Text("For the rest of the period %(amount)s was charged.", {"amount": told.charged})
    if told.credited is not None and told.credited.minor:
        return Text("%(amount)s is taken off the next charges.", {"amount": told.credited})
    return Text("Nothing was charged for the change itself.")


def _costs(told: PlanChanged) -> Text:
    values = {"amount": told.renewal}
    if told.is_scheduled:
        if told.interval == "year":
            return Text("From then on it costs %(amount)s each year.", values)
        return Text("From then on it costs %(amount)s each month.", values)
    if told.interval == "year":
        return Text("It now costs %(amount)s each year.", values)
    return Text("It now costs %(amount)s each month.", values)


def _much(plan: str, quantity: int) -> Text:
    return Text("%(quantity)s × %(plan)s", {"quantity": quantity, "plan": plan})
