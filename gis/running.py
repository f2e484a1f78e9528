"""A run as the command line and a batch make it: with a log beside the outputs, and kept stages until it is done."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gis import outputs, pipeline
from gis.checkpoints import Checkpoints
from gis.errors import OutputError, ShalgaiError
from gis.heap import give_back, share_one_heap
from gis.inputs import study_files
from gis.kernels.garbage import few_full_collections
from gis.pipeline import Result
from gis.record import Progress
from gis.study import Study


def run_into(study: Study, folder: Path, *, name: str, progress: Progress | None = None) -> Result:
    """Run a study, write its outputs into a folder, and say in `run.log` there how it went.

    A run that was killed or stopped goes on from its last finished stage when it is started again.

    Parameters
    ----------
    study
        The study.
    folder
        Of the outputs; made where it is missing.
    name
        What the log calls the study.
    progress
        As for `gis.pipeline.compute`.

    Raises
    ------
    ShalgaiError
        Layers that cannot be used, outputs that cannot be written.
    """
    share_one_heap()
    with _logged(folder) as log, few_full_collections():
        log.info("study %s", name)
        kept = Checkpoints.of(study.model_dump_json(exclude={"outputs"}), study_files(study))
        try:
            result = pipeline.compute(study, progress=progress, checkpoints=kept)
        except ShalgaiError:
            kept.forget()
            raise
        if result.record.resumed:
            log.info("taken from the run that was stopped: %s", ", ".join(result.record.resumed))
        outputs.write_outputs(result, folder)
        kept.forget()
        for finding in result.record.findings:
            log.info("%s %s", finding.level, finding)
        log.info("seconds %s", result.record.seconds)
    give_back()
    return result


@contextmanager
def _logged(folder: Path) -> Iterator[logging.Logger]:
    """A log beside the outputs, appended to: a failed run is seen there as well."""
    log = logging.getLogger("shalgai")
    log.setLevel(logging.INFO)
    log.propagate = False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(folder / "run.log", encoding="utf-8")
    except OSError as error:
        reason = "it is a file" if folder.is_file() else error.strerror
        raise OutputError(f"{folder}: not a folder to write to ({reason}); choose another one with --out") from None
    formatter = logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    log.addHandler(handler)
    try:
        yield log
    except ShalgaiError as error:
        log.error("failed: %s", error)
        raise
    except KeyboardInterrupt:
        log.error("stopped by the user")
        raise
    except Exception:
        log.exception("a fault of the program; please report it with this log")
        raise
    finally:
        log.removeHandler(handler)
        handler.close()
