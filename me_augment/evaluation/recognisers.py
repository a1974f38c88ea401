"""Two recognisers of flow maps that a laptop can train for every fold: anchors against which data are compared.

`ridge` is a closed form without chance. `ststnet` is the Shallow Triple Stream Three-dimensional CNN (Liong et al., FG
2019), trained for a number of epochs that is fixed beforehand: choosing the best epoch on the person held out, as much
published code does, is a choice on the test set.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from me_augment.errors import UsageError
from me_augment.words import choose

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Fold:
    """Whom to train and whom to test on.

    Attributes:
        name: of the person held out, or of the test set.
        train, test: indices of clips, disjoint.
    """

    name: str
    train: NDArray[np.int64]
    test: NDArray[np.int64]


class Recogniser(Protocol):
    """Predicts the classes of test clips, fold by fold."""

    @property
    def name(self) -> str:
        """What the user calls it."""
        ...

    def predict(
        self, maps: NDArray[np.float32], labels: NDArray[np.int64], classes: int, folds: list[Fold]
    ) -> Iterator[NDArray[np.int64]]:
        """Train on each fold's training clips alone, and predict its test clips.

        Args:
            maps: (N, 3, H, W), u, v and strain, each 0 to 1.
            labels: (N,) indices of classes.
            classes: how many there are.
            folds: of indices into these.

        Yields:
            (len(fold.test),) indices of classes.
        """
        ...


RECOGNISERS = ("ridge", "ststnet")


def recogniser(name: str, *, seed: int = 0, epochs: int | None = None) -> Recogniser:
    """The recogniser called `name`; UsageError naming the known ones otherwise.

    Args:
        name: one of `RECOGNISERS`.
        seed: of weights and batches; `ridge` has none.
        epochs: of `ststnet`; None for its default.
    """
    if name == "ridge":
        return Ridge()
    if name == "ststnet":
        return STSTNet(seed=seed) if epochs is None else STSTNet(seed=seed, epochs=epochs)
    raise UsageError(f"there is no recogniser {name!r}: {choose(name, RECOGNISERS)}")


@dataclass(frozen=True)
class Ridge:
    """Ridge regression of one-hot classes on all values of the maps, every class weighing the same.

    The weighted dual (Saunders et al., ICML 1998) is solved on the Gram matrix, which is computed once for all folds.

    Attributes:
        alpha: penalty. It was fixed before any result was seen; tuning it on test folds moves scores more than most
            methods do.
    """

    alpha: float = 100.0
    name: str = "ridge"

    def predict(
        self, maps: NDArray[np.float32], labels: NDArray[np.int64], classes: int, folds: list[Fold]
    ) -> Iterator[NDArray[np.int64]]:
        """See `Recogniser.predict`."""
        flat = maps.reshape(len(maps), -1).astype(np.float64)
        gram = flat @ flat.T
        for fold in folds:
            yield self._fold(gram, labels, classes, fold)

    def _fold(
        self, gram: NDArray[np.float64], labels: NDArray[np.int64], classes: int, fold: Fold
    ) -> NDArray[np.int64]:
        truth = labels[fold.train]
        counts = np.bincount(truth, minlength=classes)
        weight = (len(truth) / np.maximum(counts * (counts > 0).sum(), 1))[truth]
        share = weight / weight.sum()
        inner, outer = gram[np.ix_(fold.train, fold.train)], gram[np.ix_(fold.test, fold.train)]
        # Centred at the weighted mean of the training clips, so that the intercept is free of the penalty.
        rows = inner @ share
        centred = inner - rows[:, None] - rows[None, :] + share @ rows
        tested = outer - rows[None, :] - (outer @ share)[:, None] + share @ rows
        targets = np.eye(classes)[truth]
        mean = share @ targets
        dual = np.linalg.solve(centred + np.diag(self.alpha / weight), targets - mean)
        found: NDArray[np.int64] = np.argmax(tested @ dual + mean, axis=1)
        return found


@dataclass(frozen=True)
class STSTNet:
    """Three streams of 3, 5 and 8 filters of 3x3 over the three maps, pooled, joined and read by one linear layer.

    1,683 parameters at three classes (the paper counts 1,670). The streams have the same shape but for their number of
    filters, so that one convolution with 16 filters computes all three. It is made for maps of 28x28.

    Attributes:
        seed: of weights and batches.
        epochs, rate, batch: of the training (Adam, cross-entropy), fixed beforehand.
    """

    seed: int = 0
    epochs: int = 40
    rate: float = 1e-3
    batch: int = 64
    name: str = "ststnet"

    def predict(
        self, maps: NDArray[np.float32], labels: NDArray[np.int64], classes: int, folds: list[Fold]
    ) -> Iterator[NDArray[np.int64]]:
        """See `Recogniser.predict`."""
        import torch

        if maps.shape[1:] != (3, 28, 28):
            raise UsageError(f"ststnet reads maps of 3x28x28, and these are {'x'.join(map(str, maps.shape[1:]))}.")
        pictures = torch.from_numpy(maps).contiguous(memory_format=torch.channels_last)
        truth = torch.from_numpy(labels)
        for number, fold in enumerate(folds):
            # One thread: the sums, and so the result, would hang on their number, and more of them are slower here.
            before = torch.get_num_threads()
            torch.set_num_threads(1)
            try:
                found = self._fold(pictures, truth, classes, fold, number)
            finally:
                torch.set_num_threads(before)
            yield found

    def _fold(
        self, pictures: torch.Tensor, truth: torch.Tensor, classes: int, fold: Fold, number: int
    ) -> NDArray[np.int64]:
        import torch
        from torch.nn import functional

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(np.random.SeedSequence([self.seed, number]).generate_state(1)[0]))
            network = _network(classes).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            optimizer = torch.optim.Adam(network.parameters(), lr=self.rate)
            train = torch.from_numpy(fold.train)
            network.train()
            for _ in range(self.epochs):
                for indices in train[torch.randperm(len(train))].split(self.batch):
                    if len(indices) < 2:  # batch normalisation has no variance of one
                        continue
                    optimizer.zero_grad(set_to_none=True)
                    functional.cross_entropy(network(pictures[indices]), truth[indices]).backward()
                    optimizer.step()
            network.eval()
            with torch.inference_mode():
                found: NDArray[np.int64] = network(pictures[torch.from_numpy(fold.test)]).argmax(1).numpy()
        return found


def _network(classes: int) -> torch.nn.Module:
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1),
        nn.ReLU(),
        nn.BatchNorm2d(16),
        nn.MaxPool2d(3, stride=3, padding=1),
        nn.AvgPool2d(2, stride=2),
        nn.Flatten(),
        nn.Linear(16 * 5 * 5, classes),
    )
