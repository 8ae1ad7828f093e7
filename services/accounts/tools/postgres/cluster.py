"""The data folder of a PostgreSQL server: created once and used by every later start."""

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from failures import PostgresUnavailable
from postgres.account import Account, account_for
from postgres.binaries import Binaries

# The builtin locale sorts the same on every machine and needs no installed locale.
INITDB_OPTIONS = (
    *("--username=postgres", "--auth=trust", "--encoding=UTF8", "--set=timezone=UTC"),
    *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
)


def ensure_cluster(cluster: Path, *, binaries: Binaries, account: Account, durable: bool) -> None:
    """Create the cluster unless it exists; safe for several processes at once. Raises `PostgresUnavailable`."""
    try:
        cluster.parent.mkdir(parents=True, exist_ok=True)
        if not account.may_enter(cluster.parent):
            raise PostgresUnavailable(
                f"The account {account.name}, which runs PostgreSQL, cannot enter {cluster.parent}. Use another folder."
            )
        with _one_at_a_time(cluster.with_name(f".{cluster.name}.lock")):
            if not _exists(cluster, account):
                _initialise(cluster, binaries=binaries, account=account, durable=durable)
    except PermissionError as error:
        raise PostgresUnavailable(f"The account {account.name} cannot use {cluster}: {error.strerror}.") from error


def reachable_data_folder(wanted: Path) -> Path:
    """Return the folder or, if the account that runs PostgreSQL for root cannot enter it, one below /var/tmp."""
    wanted = wanted.absolute()
    account = account_for(wanted)
    nearest = next(folder for folder in wanted.parents if folder.exists())
    if account.uid == os.geteuid() or account.may_enter(nearest):
        return wanted
    digest = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]
    return _folder_of_our_own(Path(f"/var/tmp/allium-{digest}")) / wanted.name  # noqa: S108  # whose it is is checked


def _folder_of_our_own(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():  # anybody may write to /var/tmp
        raise PostgresUnavailable(f"{folder} belongs to another account. Remove it.")
    folder.chmod(0o711)
    return folder


@contextlib.contextmanager
def _one_at_a_time(lock: Path) -> Iterator[None]:
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # released by the kernel, also when we are killed
        yield


def _exists(cluster: Path, account: Account) -> bool:
    if not cluster.exists() or not any(cluster.iterdir()):
        return False
    if cluster.stat().st_uid != account.uid:
        raise PostgresUnavailable(
            f"{cluster} does not belong to the account {account.name}. Remove it or change its owner."
        )
    if not (cluster / "PG_VERSION").exists():
        raise PostgresUnavailable(f"{cluster} contains something other than PostgreSQL data. Use another folder.")
    return True


def _initialise(cluster: Path, *, binaries: Binaries, account: Account, durable: bool) -> None:
    """Run initdb beside the cluster, then rename: a killed initdb leaves no partial cluster."""
    prefix = f".{cluster.name}.initdb-"
    for unfinished in cluster.parent.glob(f"{prefix}*"):
        shutil.rmtree(unfinished, ignore_errors=True)
    new = account.new_folder(prefix=prefix, parent=cluster.parent)
    speed = () if durable else ("--no-sync",)
    done = account.run([binaries.folder / "initdb", f"--pgdata={new}", *INITDB_OPTIONS, *speed])
    if done.returncode != 0:
        shutil.rmtree(new, ignore_errors=True)
        raise PostgresUnavailable(f"initdb failed:\n{done.stdout.strip()}")
    new.rename(cluster)
