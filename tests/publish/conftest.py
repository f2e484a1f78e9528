import publish_tools as tools
import pytest


@pytest.fixture(scope="session")
def country():
    return tools.country()
