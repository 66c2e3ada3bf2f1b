"""F47: whatever makes a browser GET does not log out."""

from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import Open, Variant
from tests.e2e.navigation import go, shows_secret
from tests.waiting import PATIENCE

#: Ours, and those of the car site.
PATHS = (
    "/accounts/logout/",
    "/accounts/sessions/end-all/",
    "/accounts/sessions/end-others/",
    "/logout/",
    "/logout/plain/",
    "/logout/class/",
    "/logout/login/",
    "/logout/goodbye/",
)
LOADED = """
<img src="{url}"><iframe src="{url}"></iframe><object data="{url}"></object>
<link rel="stylesheet" href="{url}"><script src="{url}"></script>
<link rel="prefetch" href="{url}"><video src="{url}"></video>
<script type="speculationrules">{{"prefetch": [{{"urls": ["{url}"], "eagerness": "immediate"}}]}}</script>
<script>
fetch("{url}", {{mode: "no-cors", credentials: "include"}});
fetch("{url}", {{mode: "no-cors", credentials: "include", method: "HEAD"}});
</script>"""
OPENED = '<form action="{url}"><button>Win</button></form><a href="{url}">Win more</a>'


@pytest.mark.lacks(firefox="answers of a test in place of another site")
@pytest.mark.parametrize("trap", ["https://evil.cars.test:{port}/", "https://evil.example/"])
def test_nothing_that_a_page_loads_logs_out(open_page: Open, variant: Variant, trap: str) -> None:
    """Neither of a sibling subdomain, whose requests carry the cookie, nor of another site; nor
    do links, forms and addresses that the user opens."""
    # The server is on this machine, where public sites may load from by permission only.
    options = {"permissions": ["local-network-access"]}
    page = open_page(base_url=variant("https", "www"), user="customer", **options)
    origin = page.url.rstrip("/")
    urls = [origin + path for path in PATHS]
    body = "".join(LOADED.format(url=url) for url in urls) + OPENED.format(url=urls[0])
    trap = trap.format(port=urlsplit(origin).port)
    page.context.route(trap, lambda route: route.fulfill(body=body, content_type="text/html"))
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    page.goto(trap, wait_until="commit")
    for _ in range(PATIENCE * 10):
        if all(asked.count(url) >= 8 for url in urls):
            break
        page.wait_for_timeout(100)
    page.get_by_role("button", name="Win").click(no_wait_after=True)
    page.wait_for_url(f"{origin}/**", wait_until="commit")
    go(page, -1)
    page.get_by_role("link", name="Win more").click(no_wait_after=True)
    page.wait_for_url(f"{origin}/**", wait_until="commit")

    page.goto("/trial/page/secret/")

    assert all(asked.count(url) >= 8 for url in urls)
    assert shows_secret(page)
