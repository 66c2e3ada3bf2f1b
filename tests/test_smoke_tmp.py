import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django_logout.models import LoginSession, LogoutEvent
pytestmark = pytest.mark.django_db(transaction=True)

@pytest.fixture
def user(): return get_user_model().objects.create_user("ann", password="pw")

def test_roundtrip(engine,user):
    c = Client(enforce_csrf_checks=False)
    c.force_login(user)
    assert b"user=ann" in c.get("/").content
    assert b"count=1" in c.get("/write/").content
    old = c.cookies["sessionid"].value
    r = c.get("/accounts/logout/"); assert r.status_code==200 and b"Log out?" in r.content, r.content
    r = c.post("/accounts/logout/", {"next": "/private/"}); assert r.status_code==302, r.content
    assert c.cookies["sessionid"].value == ""
    d = Client(); d.cookies["sessionid"]=old
    assert d.get("/").content == b"user="
    e = LogoutEvent.objects.get(); print(e.__dict__)
    assert e.sessions==1 and e.user_id==user.pk
    s = LoginSession.objects.get(); assert s.ended_at
    r = d.post("/accounts/logout/"); assert r.status_code==200 and b"Logged out" in r.content
    d.cookies["sessionid"]=old
    r = d.get("/private/"); print(r, r.headers)
    d.cookies["sessionid"]=old
    r = d.get("/private/", headers={"accept":"application/json"}); print(r, r.content)

def test_plain(engine,user):
    c = Client(); c.force_login(user); old = c.cookies["sessionid"].value
    r = c.post("/plain-logout/"); assert r.status_code==302
    d = Client(); d.cookies["sessionid"]=old
    assert d.get("/").content == b"user="
    assert LogoutEvent.objects.count()==1

def test_json(user):
    c = Client(); c.force_login(user)
    r = c.post("/accounts/logout/", headers={"accept":"application/json"}); print(r.json())
def test_switch(engine,user):
    b = get_user_model().objects.create_user("bob", password="pw")
    c = Client(); c.force_login(user); c.get("/write/"); old = c.cookies["sessionid"].value
    r=c.post("/login/", {"username":"bob","password":"pw"}); assert r.status_code==302
    assert LogoutEvent.objects.get().reason=="switched"
    user.set_password("x"); b.set_password("y"); b.save()
    assert c.get("/").content==b"user="
    assert LogoutEvent.objects.count()==2 and LogoutEvent.objects.filter(reason="password_changed").exists()
def test_everywhere(engine,user):
    from django_logout import end_sessions, Target
    cs=[Client() for _ in range(3)]
    for c in cs: c.force_login(user)
    r=end_sessions(Target.user(user), reason="admin"); print(r, r.ended)
    for c in cs: assert c.get("/").content==b"user="
