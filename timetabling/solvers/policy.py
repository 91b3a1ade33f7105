"""What the repair agent knows, and how it learns: a small network and a policy gradient.

The network scores candidates one by one; a softmax over the scores of one decision is the
chance of each to be chosen. Williams, "Simple statistical gradient-following algorithms for
connectionist reinforcement learning", Machine Learning 8 (1992).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from timetabling.kernels.choice import Weights

__all__ = ["Decisions", "Learner", "advantages"]

HIDDEN = 16
LEARNING_RATE = 0.01
ENTROPY_BONUS = 0.01


class Decisions(NamedTuple):
    """Decisions to learn from, in any order; `features` is padded to the most candidates."""

    features: NDArray[np.float32]  # (decisions, candidates, features)
    num_candidates: NDArray[np.int32]  # (decisions,)
    chosen: NDArray[np.int32]  # (decisions,)


class Learner:
    """Holds the network and changes it so that what paid is chosen more often.

    Parameters
    ----------
    num_features
        Figures that describe a candidate.
    seed
        Of the first, random, weights of the hidden layer; the scores start out all equal.
    weights
        Where to start from instead.
    """

    def __init__(self, num_features: int, *, seed: int, weights: Weights | None = None) -> None:
        if weights is None:
            generator = torch.Generator().manual_seed(seed)
            hidden = torch.randn((HIDDEN, num_features), generator=generator) / num_features**0.5
            self._parameters = [
                torch.zeros(num_features),
                hidden,
                torch.zeros(HIDDEN),
                torch.zeros(HIDDEN),
            ]
        else:
            self._parameters = [torch.tensor(array) for array in weights]
        for parameter in self._parameters:
            parameter.requires_grad_()
        self._means = [torch.zeros_like(p) for p in self._parameters]
        self._squares = [torch.zeros_like(p) for p in self._parameters]
        self._steps = 0

    def weights(self) -> Weights:
        """A copy of the network as it is now."""
        return Weights(*(p.detach().numpy().copy() for p in self._parameters))

    def probabilities(self, decisions: Decisions) -> NDArray[np.float32]:
        """Chance of each candidate, shape (decisions, candidates); padding has none."""
        with torch.no_grad():
            chances: NDArray[np.float32] = self._log_chances(decisions).exp().numpy()
        return chances

    def learn(self, decisions: Decisions, advantage: NDArray[np.float32]) -> None:
        """Take one step uphill: raise the chance of choices whose advantage is above zero.

        Parameters
        ----------
        decisions
            Drawn with the present weights.
        advantage
            How much better each choice did than expected, shape (decisions,).
        """
        with _one_thread():
            log_chances = self._log_chances(decisions)
            chosen = torch.from_numpy(decisions.chosen).long().unsqueeze(1)
            gain = torch.from_numpy(advantage) * log_chances.gather(1, chosen).squeeze(1)
            entropy = -(log_chances.exp() * log_chances).sum(1)
            worth = (gain + ENTROPY_BONUS * entropy).mean()
            self._climb(torch.autograd.grad(worth, self._parameters))

    @torch.no_grad()
    def _climb(self, gradients: tuple[torch.Tensor, ...]) -> None:
        """One step of Adam (Kingma and Ba, 2015).

        By hand: to make a `torch.optim` optimizer loads torch's compiler, which takes a second.
        """
        self._steps += 1
        for parameter, gradient, mean, square in zip(
            self._parameters, gradients, self._means, self._squares, strict=True
        ):
            mean.lerp_(gradient, 0.1)
            square.lerp_(gradient.square(), 0.001)
            unbiased = mean / (1 - 0.9**self._steps)
            scale = (square / (1 - 0.999**self._steps)).sqrt() + 1e-8
            parameter += LEARNING_RATE * unbiased / scale

    def _log_chances(self, decisions: Decisions) -> torch.Tensor:
        linear, hidden, bias, out = self._parameters
        features = torch.from_numpy(decisions.features)
        # One tall matrix: a stack of small ones takes torch ten times as long.
        rows = features.reshape(-1, features.shape[2])
        scores = rows @ linear + torch.tanh(rows @ hidden.T + bias) @ out
        scores = scores.reshape(features.shape[:2])
        places = torch.arange(features.shape[1]).unsqueeze(0)
        padding = places >= torch.from_numpy(decisions.num_candidates).unsqueeze(1)
        log_chances: torch.Tensor = scores.masked_fill(padding, -1e9).log_softmax(dim=1)
        return log_chances


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep torch in this thread, and give it its threads back after.

    So small a network gains nothing by more; where cores are shared they wait for each other
    (a step took 7 to 90 times as long), and they add up in an order that depends on their number.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def advantages(rewards: NDArray[np.float32], *, discount: float) -> NDArray[np.float32]:
    """How much better each step did than the same step of the other episodes.

    Parameters
    ----------
    rewards
        Of episodes that set out from one state, shape (episodes, steps).
    discount
        Worth of a reward one step later, 0 to 1.

    Returns
    -------
    NDArray[np.float32]
        Discounted return from each step on, less its mean over the episodes, in units of
        its standard deviation over all; zeros where all did equally well.
    """
    returns = np.zeros_like(rewards)
    ahead = np.zeros(rewards.shape[0], dtype=rewards.dtype)
    for step in reversed(range(rewards.shape[1])):
        ahead = rewards[:, step] + discount * ahead
        returns[:, step] = ahead
    returns -= returns.mean(axis=0)
    spread = float(returns.std())
    return returns / np.float32(spread) if spread > 0 else returns
