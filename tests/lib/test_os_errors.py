import errno

from batosocial.lib import os_errors


def test_usual_causes_are_told_in_vietnamese_and_others_are_not_lost():
    assert os_errors.describe(OSError(errno.ENOENT, "No such file")) == "không có tệp hoặc thư mục này"
    assert os_errors.describe(OSError(errno.ELOOP, "Too many links")) == "Too many links"
    assert os_errors.describe(OSError("lạ")) == "lạ"
