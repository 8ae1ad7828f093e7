from concurrent.futures import ThreadPoolExecutor

from working_copy import Copy

from layout import ANSWERS, answers


def test_generates_the_same_files_as_copier(clone: Copy) -> None:
    done = clone.scaffold("new", "orders", "--port", "8004", "--entity", "order", "--upstreams", "users", "friends")
    assert (done.returncode, done.stderr) == (0, "")
    clone.git("add", "--all")
    ours = clone.git("ls-files", "--stage", "services/orders")
    clone.git("reset", "--hard", "--quiet")
    data = (
        "service_name=orders",
        "port=8004",
        "entity=order",
        "upstreams=[users, friends]",
        "ci=none",
        "kubernetes=true",
    )
    given = [part for each in data for part in ("-d", each)]
    done = clone.copier("copy", "--defaults", "--vcs-ref", "HEAD", *given, ".", "services/orders")
    assert done.returncode == 0, done.stderr
    assert "Next:\n\n  cd services/orders\n" in done.stderr
    assert "then open http://127.0.0.1:8004/api/docs\n" in done.stderr
    clone.git("add", "--all")
    # `sync` ran after the template was committed, so the recorded commit may be an earlier one.
    differing = set(ours.splitlines()) ^ set(clone.git("ls-files", "--stage", "services/orders").splitlines())
    assert all(line.endswith(f"/{ANSWERS}") for line in differing)


def test_creates_two_services_with_free_ports_and_locks(clone: Copy) -> None:
    further = {"orders": ["--extra-dependencies", "humanize>=4"], "shelves": ["--upstreams", "nobody"]}
    with ThreadPoolExecutor() as pool:
        orders, shelves = pool.map(lambda name: clone.scaffold("new", name, *further[name]), further)
    assert orders.returncode == 0, orders.stderr
    assert (shelves.returncode, shelves.stderr) == (
        0,
        "There is no service named nobody here. Set its address in NOBODY_SERVICE_URL.\n",
    )
    ports = {answers(clone.root / "services" / name)["port"] for name in further}
    assert ports == {8004, 8005}
    assert "\nhumanize==" in (clone.root / "services/orders/requirements.txt").read_text(encoding="utf-8")
    assert clone.scaffold("drift").returncode == 0


def test_refuses_an_existing_folder_and_a_used_port(clone: Copy) -> None:
    done = clone.scaffold("new", "users")
    assert (done.returncode, done.stderr) == (1, "services/users exists already. Choose another name or delete it.\n")
    done = clone.scaffold("new", "orders", "--port", "8001")
    assert (done.returncode, done.stderr) == (1, "Port 8001 belongs to users. Choose another.\n")
    done = clone.scaffold("new", "orders", "--port", "8000")
    assert (done.returncode, done.stderr) == (1, "Port 8000 belongs to the gateway. Choose another.\n")
    assert not (clone.root / "services/orders").exists()
    done = clone.scaffold("new", "gateway")
    assert (done.returncode, done.stderr) == (
        1,
        "A service cannot be named gateway: that is the program in front of them.\n",
    )


def test_leaves_nothing_behind_if_an_answer_is_refused(clone: Copy) -> None:
    done = clone.scaffold("new", "orders", "--entity", "Order")
    assert done.returncode == 1
    assert "The entity must be snake_case" in done.stderr
    assert "Traceback" not in done.stderr
    assert clone.git("status", "--porcelain", "--ignored", "--untracked-files=all") == ""
