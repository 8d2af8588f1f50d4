"""`convscope train`: train a model on a data set into a run folder, or resume one."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.cli.model_arguments import add_trust_argument
from convscope.cli.progress_bar import progress_bar
from convscope.cli.resume_options import refuse_other, sides_of
from convscope.core.errors import UserError
from convscope.core.opening import is_folder, is_there, real_path
from convscope.core.printable import printable
from convscope.core.task import Cancelled, Task
from convscope.core.words import clock
from convscope.engine.data.resize import FITS
from convscope.engine.training.record import strict_json
from convscope.engine.training.runs.trained_in import trained_in
from convscope.engine.training.settings import LOSSES, OPTIMIZERS
from convscope.engine.training.transfer.transfer_model import WAYS

if TYPE_CHECKING:
    from convscope.engine.data.dataset import Dataset
    from convscope.engine.models.opened import OpenedModel
    from convscope.engine.training.control import Control
    from convscope.engine.training.runs.run import Run
    from convscope.engine.training.settings import TrainingSettings
    from convscope.engine.training.train_network import TrainingResult

SUMMARY = (
    "Train a model on a data set into a run folder (settings, history, checkpoints, script), or resume it."
)
EXAMPLE = "convscope train --model mnist-convnet --data digits --epochs 5 -o my-run"

# What the lectures start from; Keras's own where they do not say.
_RATES = {"sgd": 0.01}
# What an option is when it is left away. Its own default is None, so that saying it is known.
_SILENT: dict[str, Any] = {
    "batch_size": 64,
    "optimizer": "rmsprop",
    "momentum": 0.0,
    "loss": "auto",
    "fit": "stretch",
    "seed": 0,
    "from_layer": "",
    "head_epochs": 5,
    "units": 0,
    "strategy": "none",
    "name": "",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Model, data, settings, and where to keep the run."""
    parser.add_argument("--model", help="a file, another run's folder, or a name from convscope models")
    parser.add_argument("--weights", metavar="imagenet|FILE", help="for a named model; random without")
    add_trust_argument(parser)
    parser.add_argument(
        "--data",
        help="a name from convscope data list, a folder of classes, an .npz or IDX file",
    )
    parser.add_argument("-o", "--output", type=Path, metavar="RUN", help="the run's folder, new or empty")
    parser.add_argument("--resume", type=Path, metavar="RUN", help="go on with this run after its last epoch")
    parser.add_argument("--epochs", type=int, metavar="N", help="5 without; with --resume, as planned")
    parser.add_argument("--batch-size", type=int, metavar="N", help="images a step (64)")
    parser.add_argument("--steps-per-epoch", type=int, metavar="N", help="steps an epoch; all images without")
    parser.add_argument(
        "--optimizer",
        metavar="NAME",
        choices=OPTIMIZERS,
        help=f"{', '.join(OPTIMIZERS)} (rmsprop)",
    )
    parser.add_argument(
        "--lr", type=float, metavar="F", help="learning rate (0.001; sgd 0.01; finetune 1e-5)"
    )
    parser.add_argument("--momentum", type=float, metavar="F", help="of sgd or rmsprop (0)")
    parser.add_argument(
        "--loss",
        metavar="NAME",
        choices=LOSSES,
        help=f"{', '.join(LOSSES)}; auto, the default, follows from the model's output",
    )
    parser.add_argument(
        "--augment", metavar="WHAT", help="mild, lecture, or rotation=40,zoom=0.2,flip_horizontal,fill=wrap"
    )
    parser.add_argument("--size", metavar="HxW", help="bring images to this size; the model's without")
    parser.add_argument("--fit", choices=FITS, help="how (stretch)")
    parser.add_argument("--validation", type=float, metavar="F", help="share (0.1; of shipped sets 0.05)")
    parser.add_argument("--test", type=float, metavar="F", help="share, if no test set comes with it (0.1)")
    parser.add_argument(
        "--duplicates-apart",
        action="store_true",
        help="of own data, split images of equal pixels and near duplicates as any others; without, all of "
        "one picture are in one part",
    )
    parser.add_argument("--early-stopping", type=int, metavar="N", help="stop after N epochs without gain")
    parser.add_argument("--balanced", action="store_true", help="weight rare classes more")
    parser.add_argument("--seed", type=int, metavar="N", help="same seed, same run (0)")
    parser.add_argument("--replace-head", action="store_true", help="a new last layer for the data's classes")
    parser.add_argument(
        "--transfer",
        metavar="WAY",
        choices=WAYS,
        help="use a pretrained model: features (extracted once), frozen or finetune",
    )
    parser.add_argument("--from-layer", metavar="L", help="finetune: the first layer to train")
    parser.add_argument(
        "--head-epochs",
        type=int,
        metavar="N",
        help="finetune: of the new classifier alone, first (5)",
    )
    parser.add_argument("--units", type=int, metavar="N", help="transfer: a hidden layer (0: none)")
    parser.add_argument(
        "--strategy",
        choices=("none", "mirrored", "multiworker"),
        help="mirrored: on all graphics cards of this machine; multiworker: on all machines that TF_CONFIG "
        "names, each of which runs this command (the batch size is that of all together)",
    )
    parser.add_argument("--name", help="what to call the run")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Train; the run's folder is all that is written."""
    run = _refuse(arguments)
    settings = None if run is not None else _settings(arguments)

    from convscope.engine import runtime
    from convscope.engine.training.control import Control
    from convscope.engine.training.machines.workers import meet

    folder = arguments.resume or arguments.output
    # Its clock runs from now on: opening network and data is waited for, too.
    control = Control()
    try:
        with progress_bar() as task:
            runtime.start()
            if arguments.strategy == "multiworker":
                # Before anything is computed.
                meet(task)
            if settings is not None:
                trained = _trained(arguments, settings, control, task)
            else:
                assert run is not None
                trained = _resumed(run, arguments, control, task)
    except Cancelled:
        print(
            f"convscope: stopped; go on with: convscope train --resume {printable(folder)}",
            file=sys.stderr,
        )
        return 130
    _report(trained, folder, as_json=arguments.json)
    if trained.fitted.outcome == "diverged":
        # A script that goes on to use the network must know.
        print(f"convscope: {trained.fitted.sentence}", file=sys.stderr)
        return 2
    return 0


def _refuse(arguments: argparse.Namespace) -> Run | None:
    """The run to go on with, or None for a new one; options left away get what they are then.

    Raises:
        UserError: the options do not fit together, or not to the run.
    """
    from convscope.engine.training.machines.workers import cluster
    from convscope.engine.training.runs.run import Run, failed_at_start

    said = {name for name, value in vars(arguments).items() if value is not None and value is not False}
    for name, value in _SILENT.items():
        if name not in said:
            setattr(arguments, name, value)
    if arguments.resume:
        if arguments.output and real_path(arguments.output) != real_path(arguments.resume):
            raise UserError("A resumed run stays in its folder: leave -o away.")
        run = Run.open(arguments.resume)
        refuse_other(arguments, said, run.details)
        return run
    for value, name in ((arguments.model, "--model"), (arguments.data, "--data"), (arguments.output, "-o")):
        if value is None:
            raise UserError(f"{name} is missing: convscope train --model MODEL --data DATA -o RUN.")
    if arguments.steps_per_epoch is not None and arguments.steps_per_epoch < 1:
        raise UserError(f"--steps-per-epoch is at least 1, not {arguments.steps_per_epoch}.")
    folder = arguments.output
    # Where several machines train, it is the chief's, who may have begun already.
    mine = arguments.strategy != "multiworker" or cluster(os.environ).is_chief
    if mine and is_there(folder) and not is_folder(folder):
        raise UserError(f"{folder} is a file: give the run a folder of its own with -o.")
    if mine and is_folder(folder) and any(folder.iterdir()) and not failed_at_start(folder):
        raise UserError(
            f"The folder {folder} is not empty: choose another for the new run, or --resume that one."
        )
    if arguments.strategy != "none" and arguments.transfer:
        raise UserError("--strategy is for training a whole model, not for --transfer.")
    for name in ("from_layer", "head_epochs"):
        if name in said and arguments.transfer != "finetune":
            raise UserError(f"--{name.replace('_', '-')} belongs to --transfer finetune.")
    if "units" in said and not arguments.transfer:
        raise UserError("--units belongs to --transfer.")
    if arguments.momentum and "momentum" not in OPTIMIZERS[arguments.optimizer][1]:
        raise UserError(f"{arguments.optimizer} has no momentum to set: --momentum is of sgd and rmsprop.")
    return None


def _settings(arguments: argparse.Namespace) -> TrainingSettings:
    from convscope.engine.data.augmentation import parse_augmentation
    from convscope.engine.training.settings import TrainingSettings

    early = {"monitor": "val_loss", "patience": arguments.early_stopping}
    return TrainingSettings.from_dict(
        {
            "optimizer": {
                "name": arguments.optimizer,
                "learning_rate": _RATES.get(arguments.optimizer, 0.001)
                if arguments.lr is None
                else arguments.lr,
                "momentum": arguments.momentum,
            },
            "loss": arguments.loss,
            "batch_size": arguments.batch_size,
            "epochs": 5 if arguments.epochs is None else arguments.epochs,
            "steps_per_epoch": arguments.steps_per_epoch,
            "early_stopping": None if arguments.early_stopping is None else early,
            "class_weights": "balanced" if arguments.balanced else "none",
            "seed": arguments.seed,
            "size": None if arguments.size is None else sides_of(arguments.size),
            "fit": arguments.fit,
        }
    ).with_augmentation(None if arguments.augment is None else parse_augmentation(arguments.augment))


def _trained(
    arguments: argparse.Namespace, settings: TrainingSettings, control: Control, task: Task
) -> TrainingResult:
    from convscope.engine.data.duplicates import duplicates_of
    from convscope.engine.data.sets.registry import is_own, open_dataset
    from convscope.engine.data.similar.alike import find_alike
    from convscope.engine.keras_compat import seeded
    from convscope.engine.training.fit_together import draws
    from convscope.engine.training.train import train
    from convscope.engine.training.transfer.transfer import transfer
    from convscope.engine.training.transfer.transfer_model import TransferSettings

    dataset = open_dataset(arguments.data, task, fetch=True)
    for share in ("validation", "test"):
        if getattr(arguments, share) is not None:
            asked = replace(dataset.split_settings, **{share: getattr(arguments, share)})
            dataset = dataset.with_split(asked)
    if is_own(dataset.reference):
        dataset = dataset.with_alike(find_alike(dataset, task))
        if not arguments.duplicates_apart:
            dataset = dataset.with_split(replace(dataset.split_settings, together=True))
    notes = dataset.notes + (duplicates_of(dataset).notes if dataset.alike is not None else ())
    for note in notes:
        print(note, file=sys.stderr)
    with seeded(settings.seed):
        model = _model(arguments, task)
    common: dict[str, Any] = {
        "name": arguments.name,
        "folder": arguments.output,
        "control": control,
        "task": task,
    }
    if arguments.transfer:
        rate = {} if arguments.lr is None else {"fine_rate": arguments.lr}
        how = TransferSettings(
            arguments.transfer,
            arguments.from_layer,
            units=arguments.units,
            head_epochs=arguments.head_epochs,
            **rate,
        )
        if how.way == "features" and settings.augmentation is not None:
            print(
                "Features are extracted once, from each image as it is: --augment is not used.",
                file=sys.stderr,
            )
        return transfer(model, dataset, settings, how, **common)
    model, settings = _fixed(arguments, model, dataset, settings)
    if arguments.strategy == "multiworker" and draws(model.keras):
        print(
            "Dropout and its like draw on each worker for itself: the curve is not that of one machine.",
            file=sys.stderr,
        )
    return train(model, dataset, settings, strategy=arguments.strategy, **common)


def _model(arguments: argparse.Namespace, task: Task) -> OpenedModel:
    from convscope.engine.models.applications.build import find_application
    from convscope.engine.models.library.catalogue import open_model

    application = arguments.transfer and find_application(arguments.model) is not None
    shape = (*sides_of(arguments.size), 3) if application and arguments.size else None
    weights = arguments.weights or ("imagenet" if application else None)
    top = not application
    spec = trained_in(arguments.model)
    return open_model(
        spec,
        weights=weights,
        input_shape=shape,
        include_top=top,
        trusted=arguments.trust,
        task=task,
    )


def _fixed(
    arguments: argparse.Namespace, model: OpenedModel, dataset: Dataset, settings: TrainingSettings
) -> tuple[OpenedModel, TrainingSettings]:
    """Do the fixes that take nothing away, and the new head if it was asked for; say so."""
    from convscope.engine.training.checks import check

    # Each fix may bring another thing to light; there are no more of them than kinds of findings.
    for _ in range(8):
        for finding in check(model, dataset, settings):
            fix = finding.fix
            if finding.severity != "error" or fix is None:
                continue
            if fix.harmless and fix.settings is not None:
                print(f"{finding.text} {fix.text}: done.", file=sys.stderr)
                settings = fix.settings
                break
            if fix.model is not None and arguments.replace_head:
                print(f"{finding.text} {fix.text}: done.", file=sys.stderr)
                model = fix.model(model)
                break
            if fix.model is not None:
                raise UserError(f"{finding.text} {fix.text} with --replace-head.")
        else:
            break
    return model, settings


def _resumed(run: Run, arguments: argparse.Namespace, control: Control, task: Task) -> TrainingResult:
    from convscope.engine.training.train import resume

    if run.starts_again:
        said = "No epoch of it was finished: it starts again, with its settings, weights and seed."
        print(said, file=sys.stderr)
    return resume(run, epochs=arguments.epochs, control=control, strategy=arguments.strategy, task=task)


def _report(trained: TrainingResult, folder: Path, *, as_json: bool) -> None:
    fitted, test = trained.fitted, trained.test
    if as_json:
        facts = {
            "run": str(folder),
            "outcome": fitted.outcome,
            "best_epoch": fitted.best,
            "seconds": round(trained.seconds, 3),
            "epochs": [record.to_dict() for record in fitted.epochs],
            "test": None
            if test is None
            else {"accuracy": test.accuracy, "loss": test.loss, "images": test.images},
        }
        print(strict_json(facts))
        return
    for record in fitted.epochs:
        values = "  ".join(f"{name} {value:.4f}" for name, value in record.values.items())
        phase = f"{record.phase:<12}" if record.phase else ""
        print(f"epoch {record.epoch + 1:>3}  {phase}{values}  {record.images_per_second:,.0f} images/s")
    if fitted.outcome != "diverged":
        print(fitted.sentence)
    whose = fitted.weights_words
    if test is not None:
        within = f", with {whose}" if whose else ""
        print(f"test accuracy {test.accuracy:.4f} on {test.images:,} images{within}")
    elif whose:
        print(f"the network has {whose}")
    if trained.run is not None:
        print(f"run {printable(folder)}")
    print(f"took {clock(trained.seconds)}")
