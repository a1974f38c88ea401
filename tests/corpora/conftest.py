"""Writers of the invented files that the corpora tests read, as fixtures."""

import pytest
from invented.files import write_book, write_frames


@pytest.fixture
def frames():
    """Write `img{n}.jpg` or another pattern into a folder, last frame first."""
    return write_frames


@pytest.fixture
def workbook():
    """Write an xlsx with the cells' own types; None leaves a cell empty."""
    return write_book


@pytest.fixture
def old_workbook():
    """Write an xls (BIFF8 in a compound file) of texts and numbers: the least that Excel 97 would open."""
    return write_book
