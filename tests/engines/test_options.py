import pytest

from trainer import __main__ as command
from trainer.engines.capacity import Ask
from trainer.options import for_each_process, parse


def test_a_task_takes_one_cpu_of_the_cluster_that_is_found() -> None:
    options = parse(["--engine", "ray"])

    assert (options.address, options.ask) == ("auto", Ask(1, 0))


def test_the_process_that_is_supervised_gets_the_same_options() -> None:
    given = ["--engine", "ray", "--address", "head:6379", "--cpus", "0.5", "--gpus", "0.25"]
    options = parse([*given, "--once", "--threads", "2"])

    again = parse(for_each_process(options))

    assert (again.address, again.ask) == ("head:6379", Ask(0.5, 0.25))
    assert (again.once, again.exit_when_idle, again.threads) == (True, False, 2)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--engine", "ray", "--processes", "1"], "--processes: not with --engine ray"),
        (["--engine", "ray", "--address", "ray://head:10001"], "no URL, but auto or HOST:PORT"),
        (["--engine", "ray", "--gpus", "1.5"], "a whole number of GPUs"),
        (["--engine", "ray", "--cpus", "inf"], "a finite part of a node"),
        (["--engine", "ray", "--gpus", "nan"], "a finite part of a node"),
        (["--engine", "ray", "--cpus", "0"], "some of a CPU or a GPU"),
        (["--gpus", "1"], "--gpus: only with --engine ray"),
        (["--address", "auto", "--cpus", "2"], "--address, --cpus: only with --engine ray"),
    ],
)
def test_options_that_do_not_go_together_are_refused_in_words(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(arguments)

    assert ended.value.code == 2
    assert text in capsys.readouterr().err


def test_without_ray_its_engine_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.__main__.is_installed", lambda: False)

    with pytest.raises(SystemExit) as ended:
        command.main(["--engine", "ray"])

    assert "pip install 'isobudget[ray]'" in str(ended.value.code)
