"""What an operator reads when the operating system refuses a file."""

import errno

_TEXTS = {
    errno.ENOENT: "không có tệp hoặc thư mục này",
    errno.EACCES: "không có quyền",
    errno.EPERM: "không có quyền",
    errno.EISDIR: "đó là thư mục, không phải tệp",
    errno.ENOTDIR: "đường dẫn đi qua một tệp không phải thư mục",
    errno.ENOSPC: "ổ đĩa đã đầy",
    errno.EROFS: "ổ đĩa chỉ cho đọc",
}


def describe(error: OSError) -> str:
    """The usual causes in Vietnamese, whatever else as the system says it."""
    return _TEXTS.get(error.errno or 0, error.strerror or str(error))
