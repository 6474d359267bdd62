"""The portal's own PostgreSQL and Valkey, for a newcomer, for the tests and for a small office.

Used when neither ``DATABASE_URL`` nor ``REDIS_URL`` is given. ``locate`` says where the servers of a data folder
are; ``hold`` makes sure they run for as long as this process lives::

    servers = embedded.hold(Path(".data/portal"))

How it stays tidy, whatever way a process ends:

* every holder keeps a *shared* lock on ``lock/holders`` until it ends; the kernel drops it even on SIGKILL;
* one *keeper*, a small process in a session of its own, starts the servers as its children and stops them once it
  can have that lock for itself, which means that nobody holds the servers any more;
* starting and stopping both need ``lock/start``, so a newcomer never meets servers that are being stopped.

The servers listen on unix sockets only, in a short folder of mode 0700 (a socket path has at most 107 bytes, and a
deep home folder has more), so there is no port to collide with and no password to keep.

PostgreSQL refuses to run as root. As root it is therefore started as an ordinary user inside a user namespace,
where its files still belong to root outside: nothing needs to be opened to anybody. Where namespaces are refused
it runs as ``nobody``, which must then be able to reach the data folder and the program.

Only the standard library is imported in this package; the keeper runs without site-packages.
"""

from .holder import hold, is_running, release
from .places import EmbeddedError, Servers, locate

__all__ = ["EmbeddedError", "Servers", "hold", "is_running", "locate", "release"]
