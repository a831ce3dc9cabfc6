"""Tables handed over through SAMP, with the hub that astropy brings."""

import desk
import pytest
from astropy.table import Table

import bayesmatch as bm
from bayesmatch.cli import main
from bayesmatch.diagnostics.published.samp import _samp

samp = _samp()


@pytest.fixture(scope="module")
def result():
    sources, objects, _ = desk.tables()
    return desk.matched(*desk.catalogs(sources, objects))


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """No hub, wherever the tests run."""
    lock = tmp_path / "samp"
    monkeypatch.setenv("SAMP_HUB", f"std-lockurl:{lock.as_uri()}")
    with samp.conf.set_temp("use_internet", False):
        yield lock


@pytest.fixture
def hub(nowhere):
    server = samp.SAMPHubServer(web_profile=False, lockfile=str(nowhere), addr="127.0.0.1")
    server.start()
    yield server
    server.stop()


class Desk:
    """A program that takes tables, as TOPCAT does."""

    def __init__(self, name, answer="samp.ok"):
        self.tables, self.params, self.answer = [], [], answer
        self.client = samp.SAMPIntegratedClient(name=name, addr="127.0.0.1")
        self.client.connect()
        self.client.bind_receive_call("table.load.votable", self.receive)

    def receive(self, key, sender, number, mtype, params, extra):
        self.params.append(params)
        path = params["url"].removeprefix("file://")
        self.tables.append(Table.read(path, format="votable"))
        error = {"samp.error": {"samp.errortxt": "no room"}}
        status = {"samp.status": self.answer, "samp.result": {}}
        self.client.reply(number, status if self.answer == "samp.ok" else {**status, **error})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.disconnect()


def test_the_table_arrives(hub, result):
    with Desk("TopCat") as topcat, Desk("Aladin") as aladin:
        assert sorted(result.send()) == ["Aladin", "TopCat"]
        assert result.send("topcat") == bm.send(result, " TOPCAT ") == ["TopCat"]
    assert len(topcat.tables) == 3 and len(aladin.tables) == 1
    wanted = result.catalogue()
    for table in topcat.tables + aladin.tables:
        assert table.colnames == wanted.colnames
        assert list(table["p_match"]) == list(wanted["p_match"])
        assert list(table["XRAY_NAME"]) == list(wanted["XRAY_NAME"])
    assert topcat.params[0]["name"] == "Counterparts of XRAY sources in OPT"


def test_the_command(hub, result, tmp_path, capsys):
    result.write(tmp_path / "r.fits", include_inputs=True)
    with Desk("topcat") as topcat:
        assert main(["send", str(tmp_path / "r.fits"), "--client", "TOPCAT"]) == 0
    assert capsys.readouterr().out == "sent to topcat\n" and len(topcat.tables) == 1


def test_no_hub(nowhere, result):
    with pytest.raises(ValueError, match="no SAMP hub is running: open TOPCAT"):
        result.send()


def test_nobody_there_and_nobody_of_that_name(hub, result):
    with pytest.raises(ValueError, match="no program that takes tables"):
        result.send()
    with (
        Desk("TOPCAT"),
        pytest.raises(ValueError, match=r"called 'ds9'.*--client.*there are TOPCAT"),
    ):
        result.send("ds9")
    with pytest.raises(TypeError, match="client is 3"):
        result.send(3)


def test_a_program_that_cannot_load_it(hub, result):
    with (
        Desk("TOPCAT", "samp.error"),
        pytest.raises(OSError, match="TOPCAT could not load the table: no room"),
    ):
        result.send()
