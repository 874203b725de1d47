"""A part that dies is back within two seconds, for ever; one that only hangs is left alone."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest

from service import parts
from service.database import cluster, urls
from service.host.secret_file import load_or_create
from service.host.settings import Settings
from service.s6 import leftovers, services, supervisor, tree
from service.start import readiness
from tests.service.conftest import Copy

ROUNDS = 10


def pid_of(settings: Settings, name: str) -> int:
    state = services.state(settings, parts.by_name(name))
    assert state is not None
    return state.pid if state.up else 0


def wait_until(true: Callable[[], bool], seconds: float) -> float:
    """Seconds until it was true; fails when that takes longer."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < seconds
        time.sleep(0.02)
    return time.monotonic() - begun


def part_answers(copy: Copy, part: parts.Part) -> bool:
    secrets = load_or_create(copy.settings.state_dir, {})
    return bool(readiness.answers(part, copy.settings, secrets))


def test_every_part_killed_ten_times_in_a_row_is_back_within_two_seconds(running: Copy) -> None:
    settings = running.settings
    present = parts.present(settings)
    for _ in range(ROUNDS):
        killed = {part.name: pid_of(settings, part.name) for part in present}
        assert all(killed.values())
        for pid in killed.values():
            os.kill(pid, signal.SIGKILL)

        def all_back(killed: dict[str, int] = killed) -> bool:
            return all(pid_of(settings, name) not in (0, old) for name, old in killed.items())

        assert wait_until(all_back, 3) < 2

    for part in present:
        wait_until(lambda part=part: part_answers(running, part), 10)  # type: ignore[misc]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may raise a priority")
def test_the_parts_that_somebody_waits_for_get_the_processor_first(running: Copy) -> None:
    names = ("auth", "acct", "postgres", "writer")
    wait_until(lambda: os.getpriority(os.PRIO_PROCESS, pid_of(running.settings, "writer")) > 0, 10)
    levels = [os.getpriority(os.PRIO_PROCESS, pid_of(running.settings, name)) for name in names]
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert levels == [-5, -2, own, min(own + 10, 19)]


@pytest.mark.skipif(os.geteuid() != 0, reason="PostgreSQL is another user's only where root starts it")
def test_postgresqls_share_of_the_books_gives_way_too_though_it_is_another_users(running: Copy) -> None:
    connection = psycopg2.connect(urls.superuser(running.settings))

    def priorities() -> list[int]:
        with connection, connection.cursor() as cursor:
            cursor.execute("select pid from pg_stat_activity where application_name = 'infora writer'")
            return [os.getpriority(os.PRIO_PROCESS, pid) for (pid,) in cursor.fetchall()]

    try:
        wait_until(lambda: priorities() == [10], 10)
    finally:
        connection.close()


def test_a_killed_postmasters_hung_backend_does_not_keep_the_next_one_away(running: Copy) -> None:
    settings = running.settings
    connection = psycopg2.connect(urls.superuser(settings))
    backend = connection.info.backend_pid
    os.kill(backend, signal.SIGSTOP)
    os.kill(pid_of(settings, "postgres"), signal.SIGKILL)

    wait_until(lambda: part_answers(running, parts.by_name("postgres")), 5)

    assert backend not in leftovers.of("postgres", settings)


def test_a_stale_pid_file_that_names_a_living_process_of_ours_does_not_keep_postgres_down(running: Copy) -> None:
    """PostgreSQL would take any process of its account for another postmaster; pids come round again."""
    settings = running.settings
    bystander = os.fork()
    if bystander == 0:
        settings.accounts.database.drop()
        time.sleep(60)
        os._exit(0)
    file = cluster.data_directory(settings) / "postmaster.pid"
    try:
        lines = file.read_text().splitlines()
        file.write_text("\n".join([str(bystander), *lines[1:]]) + "\n")
        os.kill(pid_of(settings, "postgres"), signal.SIGKILL)
        wait_until(lambda: part_answers(running, parts.by_name("postgres")), 5)
    finally:
        os.kill(bystander, signal.SIGKILL)
        os.waitpid(bystander, 0)


def test_a_database_that_hangs_is_not_killed(running: Copy) -> None:
    settings = running.settings
    postmaster = pid_of(settings, "postgres")
    os.kill(postmaster, signal.SIGSTOP)
    try:
        time.sleep(4)
        assert pid_of(settings, "postgres") == postmaster
        assert running.call("status").returncode == 1
    finally:
        os.kill(postmaster, signal.SIGCONT)

    wait_until(lambda: part_answers(running, parts.by_name("postgres")), 5)
    assert pid_of(settings, "postgres") == postmaster


def test_a_killed_supervisor_of_one_part_is_replaced_and_takes_the_part_over(running: Copy) -> None:
    settings = running.settings
    postmaster = pid_of(settings, "postgres")
    supervisor_of_part = int(Path(f"/proc/{postmaster}/stat").read_text().rpartition(")")[2].split()[1])

    os.kill(supervisor_of_part, signal.SIGKILL)

    wait_until(lambda: pid_of_or_none(settings) not in (0, postmaster), 5)
    wait_until(lambda: part_answers(running, parts.by_name("postgres")), 5)
    members = set(leftovers.of("postgres", settings))
    assert len([pid for pid in members if parent_of(pid) not in members | {0}]) == 1


def pid_of_or_none(settings: Settings) -> int:
    state = services.state(settings, parts.by_name("postgres"))
    return state.pid if state is not None and state.up else 0


def parent_of(pid: int) -> int:
    """0 for a process that has ended meanwhile, as sessions do."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except FileNotFoundError:
        return 0


def test_a_part_that_ignores_the_request_to_end_is_killed_when_its_grace_is_over(copy: Copy) -> None:
    settings = copy.settings
    deaf = replace(parts.by_name("auth"), name="deaf", grace_seconds=1)
    tree.write(settings, [deaf])
    (tree.directory(settings) / "deaf/run").write_text("#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 1; done\n")
    process = supervisor.launch(settings, with_parent=True, variables=copy.environment)
    supervisor.wait_launched(settings, process)
    state = None

    def is_up() -> bool:
        nonlocal state
        state = services.state(settings, deaf)
        return state is not None and state.up

    wait_until(is_up, 5)
    assert state is not None

    begun = time.monotonic()
    services.down(settings, deaf)

    assert 1 <= time.monotonic() - begun < 4
    assert leftovers.wait_gone([state.pid], 0)
    supervisor.stop(settings)
    process.wait()


def test_stop_ends_everything_even_without_the_root_of_the_tree(copy: Copy) -> None:
    assert copy.call("start").returncode == 0
    root = supervisor.pid(copy.settings)
    assert root is not None
    os.kill(root, signal.SIGKILL)
    leftovers.wait_gone([root], 5)

    refused = copy.call("start")
    assert refused.returncode == 2
    assert "without their supervisor" in refused.stdout

    assert copy.call("stop").returncode == 0
    assert copy.processes() == []
