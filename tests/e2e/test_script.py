"""The script itself: what the policy lets it do, and that it does not grow."""

import re

import pytest
from playwright.sync_api import CDPSession, Page, Route, expect

from tests.e2e.conftest import Open
from tests.e2e.script import PRIVATE, another_tab, end_session, look_at

#: Before the script runs: what the site has once said of the session, the browser says again.
REMEMBER = """
const { fetch: ask } = window;
let said;
window.fetch = async (...request) => {
  said ??= await (await ask(...request)).text();
  return new Response(said);
};
"""
ASK = """
async (times) => {
  const { check } = await import(document.querySelector("script[data-logout]").src);
  for (let time = 0; time < times; time++) await check();
}
"""


def test_the_nonce_alone_is_enough(open_page: Open) -> None:
    """A policy that allows no address, only what this answer has marked itself."""
    page = open_page(user="customer")

    def tighten(route: Route) -> None:
        answer = route.fetch()
        policy = answer.headers["content-security-policy"]
        nonce = re.search(r"'nonce-[^']+'", policy)
        assert nonce
        strict = f"default-src 'none'; script-src {nonce[0]}; connect-src 'self'; img-src 'self'"
        strict += f"; style-src 'self'; form-action 'self'; style-src-elem 'self' {nonce[0]}"
        route.fulfill(
            response=answer, headers={**answer.headers, "content-security-policy": strict}
        )

    page.route(f"**{PRIVATE}", tighten)
    page.goto(PRIVATE)
    end_session(page)
    look_at(page)

    expect(page.get_by_role("dialog")).to_be_visible()


def _measure(page: Page, devtools: CDPSession) -> dict[str, float]:
    page.evaluate("() => {}")
    devtools.send("HeapProfiler.collectGarbage")
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    wanted = {"JSEventListeners", "Nodes", "JSHeapUsedSize"}
    return {metric["name"]: metric["value"] for metric in metrics if metric["name"] in wanted}


@pytest.mark.lacks(firefox="a way to count listeners")
def test_a_thousand_questions_leave_nothing_behind(open_page: Open) -> None:
    """Neither in the tab that asks nor in the one that is told."""
    page = open_page(user="customer")
    page.add_init_script(REMEMBER)
    page.goto(PRIVATE)
    other = another_tab(page)
    page.evaluate(ASK, 50)
    pairs = [(tab, page.context.new_cdp_session(tab)) for tab in (page, other)]
    for _, devtools in pairs:
        devtools.send("Performance.enable")
    before = [_measure(*pair) for pair in pairs]

    page.evaluate(ASK, 1000)

    for pair, then in zip(pairs, before, strict=True):
        now = _measure(*pair)
        assert now["JSEventListeners"] <= then["JSEventListeners"]
        assert now["Nodes"] <= then["Nodes"] + 5
        assert now["JSHeapUsedSize"] < then["JSHeapUsedSize"] + 500_000
