"""The folders that the oracles are checked on."""

from pathlib import Path

import pytest

TEAMS = """sales_agent,manager,regional_office
Ann Lee,Bo Boss,North
Cy-Di Fox,Bo Boss,North
Eve Idle,Gus Chief,South
"""
PRODUCTS = """product,series,sales_price
GTX Pro,GTX,4821
MG Special,MG,55
"""
PIPELINE = """opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value
D1,Ann Lee,GTXPro,Acme,Won,12/30/2016,4/1/2017,100
D2,Ann Lee,MG Special,Acme,Won,4/1/2017,4/11/2017,201
D3,Ann Lee,MG Special,,Won,6/1/2017,6/30/2017,50
D4,Ann Lee,MG Special,,Lost,4/2/2017,6/30/2017,0
D5,Cy-Di Fox,GTXPro,,Lost,4/2/2017,7/1/2017,0
D6,Cy-Di Fox,GTXPro,,Engaging,6/30/2017,,
D7,Cy-Di Fox,GTXPro,,Prospecting,,,
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    for name, text in (("sales_teams", TEAMS), ("products", PRODUCTS), ("sales_pipeline", PIPELINE)):
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


@pytest.fixture(scope="session")
def sample(root: Path) -> Path:
    return root / "deploy" / "examples" / "crm-sales-opportunities" / "data"
