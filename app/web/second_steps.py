"""The second step of signing in: a code, for those who have switched it on."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import HiddenField

from app.billing.errors import NotAuthenticated, NotFound, TooOften
from app.billing.people import two_factors
from app.web import addresses, errors, forms, sessions, visits

second_steps = Blueprint("second_steps", __name__)


class CodeForm(forms.Form):
    """The code; `next` is the page somebody wanted."""

    code = forms.one_time_code({"data-testid": "sign-in-code"})
    next = HiddenField()


@second_steps.get("/sign-in/code")
def show() -> Response | str:
    wanted = addresses.own_path(request.args.get("next"))
    if visits.half_way() is None:
        return redirect(url_for("entrance.sign_in", next=wanted), 303)
    return _page(CodeForm(next=wanted or ""))


@second_steps.post("/sign-in/code")
def enter() -> Response | tuple[str, int]:
    form = CodeForm.posted()
    half = visits.half_way()
    wanted = addresses.own_path(form.next.data)
    if half is None:
        return redirect(url_for("entrance.sign_in", next=wanted), 303)
    if not form.validate():
        return _page(form), 422
    try:
        user = two_factors.sign_in(
            sessions.db(),
            sessions.site(),
            user_id=half.user_id,
            epoch=half.epoch,
            code=form.code.data,
            address=request.remote_addr,
        )
    except TooOften as error:
        form.blame(error)
        return errors.mark(make_response(_page(form)), error)
    except (NotAuthenticated, NotFound) as error:
        if error.field is None:
            visits.end()
            return redirect(url_for("entrance.sign_in", next=wanted), 303)
        form.blame(error)
        return _page(form), 422
    visits.begin_whole(user, several=half.several)
    return redirect(wanted or url_for("entrance.start"), 303)


def _page(form: CodeForm) -> str:
    return render_template("web/second_step.html", form=form)
