"""The terms of an objective: each by hand or against its formula, when they are due, and what they need."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from telling_players import NUM_CLASSES, OFFERS, play, round_of, settings
from torch import Tensor

from ganvas.augment.consistency import flip_and_shift
from ganvas.errors import ConfigurationError
from ganvas.models.family import family_config, offers_of
from ganvas.players import Verdict
from ganvas.seeds import Stream
from ganvas.training import penalties
from ganvas.training.loop import finite_record
from ganvas.training.objective import Objective, ObjectiveConfig, check_batches, check_offers
from ganvas.training.penalties import DISCRIMINATOR_PENALTIES, GENERATOR_PENALTIES
from ganvas.training.signals import Signals
from ganvas.training.turns import DiscriminatorTurn, GeneratorTurn

R3GAN = {
    "objective.adversarial": "relativistic",
    "objective.discriminator.r1.weight": 0.4,
    "objective.discriminator.r2.weight": 0.3,
}
ALL_TERMS = [
    *(pytest.param("discriminator", name, row.needs, id=f"d-{name}") for name, row in DISCRIMINATOR_PENALTIES.items()),
    *(pytest.param("generator", name, row.needs, id=f"g-{name}") for name, row in GENERATOR_PENALTIES.items()),
]
LABELS, OTHER_LABELS = torch.tensor([0, 1, 2, 0]), torch.tensor([2, 2, 0, 1])


def draws(seed: int) -> Tensor:
    return torch.randn(4, 1, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def turn_of(score: Callable[[Tensor], Tensor], signals: Signals | None = None) -> DiscriminatorTurn:
    """Return a turn of a discriminator that is a plain function of images [N, 1, 8, 8]."""
    real, fake = draws(1).requires_grad_(), draws(2).requires_grad_()
    return DiscriminatorTurn(
        real,
        LABELS,
        Verdict(score(real)),
        fake,
        OTHER_LABELS,
        Verdict(score(fake)),
        lambda images, _labels, _purpose: Verdict(score(images)),
        Stream(0, "test"),
        signals or Signals(torch.device("cpu")),
    )


def asked_turn(images: Tensor, styles: Tensor | None, signals: Signals, step: int = 0) -> GeneratorTurn:
    verdict = Verdict(images.flatten(1).sum(1))
    return GeneratorTurn(images, None, verdict, verdict.scores, styles, Stream(0, "test", step), signals)


# terms by hand


def test_r1_and_r2_by_hand() -> None:
    turn = turn_of(lambda images: images.square().flatten(1).sum(1))
    torch.testing.assert_close(penalties.r1(turn), 2 * turn.real_images.square().flatten(1).sum(1))
    torch.testing.assert_close(penalties.r2(turn), 2 * turn.fake_images.square().flatten(1).sum(1))


def test_gradient_penalty_of_a_linear_discriminator() -> None:
    """D(x) = w x has the gradient w everywhere."""
    weights = torch.linspace(-1, 2, 64, dtype=torch.float64)
    turn = turn_of(lambda images: images.flatten(1) @ weights)
    expected = (weights.norm() - 1).square().expand(4)
    torch.testing.assert_close(penalties.gradient_penalty(turn), expected)


def test_gradient_penalty_looks_between_the_images_with_the_real_labels() -> None:
    """D(x) = sum x^2 / 2 has the gradient x, so the penalty tells where it was taken."""
    judged: list[tuple[Tensor, Tensor | None]] = []
    turn = turn_of(lambda images: images.square().flatten(1).sum(1) / 2)

    def judge(images: Tensor, labels: Tensor | None, purpose: str) -> Verdict:
        judged.append((images, labels))
        return turn.judge(images, labels, purpose)

    values = penalties.gradient_penalty(DiscriminatorTurn(**{**vars(turn), "judge": judge}))
    ((images, labels),) = judged
    assert labels is LABELS
    shares = torch.from_numpy(Stream(0, "test/gradient_penalty").uniform(4, 1))[:, :, None, None]
    mixed = shares * turn.real_images + (1 - shares) * turn.fake_images
    torch.testing.assert_close(images, mixed)
    torch.testing.assert_close(values, (mixed.flatten(1).norm(dim=1) - 1).square())
    assert len(set(shares.flatten().tolist())) == 4, "each sample has its own"


def test_lecam_by_hand_over_two_steps() -> None:
    signals = Signals(torch.device("cpu"))
    first = turn_of(lambda images: images.flatten(1).mean(1), signals)
    real, fake = first.real.scores, first.fake.scores
    a_real, a_fake = real.mean().float(), fake.mean().float()
    torch.testing.assert_close(penalties.lecam(first), (real - a_fake).square() + (fake - a_real).square())
    second = turn_of(lambda images: images.flatten(1).mean(1) + 10, signals)
    real, fake = real + 10, fake + 10
    a_real, a_fake = a_real + 0.01 * 10, a_fake + 0.01 * 10
    expected = (real - a_fake).square() + (fake - a_real).square()
    torch.testing.assert_close(penalties.lecam(second), expected, rtol=1e-6, atol=1e-6)


def test_consistency_is_nothing_for_what_no_flip_or_shift_changes() -> None:
    turn = turn_of(lambda images: images.flatten(1).sum(1) * 0 + 3)
    assert (penalties.consistency(turn) == 0).all()


def test_consistency_by_hand() -> None:
    """D(x) is the top left pixel."""
    turn = turn_of(lambda images: images[:, 0, 0, 0])
    expected = torch.zeros(4, dtype=torch.float64)
    for kind, images in (("real", turn.real_images), ("fake", turn.fake_images)):
        changed = flip_and_shift(images, Stream(0, f"test/consistency/{kind}"))
        expected += (images[:, 0, 0, 0] - changed[:, 0, 0, 0]).square()
    assert expected.max() > 0
    torch.testing.assert_close(penalties.consistency(turn), expected)


@pytest.mark.parametrize(("height", "width"), [(8, 16), (1, 1), (7, 24)])
def test_flip_and_shift_moves_whole_images_a_little(height: int, width: int) -> None:
    images = torch.arange(32 * height * width).float().view(32, 1, height, width)
    stream = Stream(5, "test")
    changed = flip_and_shift(images, stream)
    assert torch.equal(changed[7:8], flip_and_shift(images[7:8], stream._replace(first=7))), "sample by sample"
    seen = set()
    up, left = height // 8, width // 8
    for image, result in zip(images.numpy()[:, 0], changed.numpy()[:, 0], strict=True):
        padded = np.pad(image, ((up, up), (left, left)), mode="reflect") if up or left else image
        options = {
            (top, start, flip): padded[top : top + height, start : start + width][:, :: -1 if flip else 1]
            for top in range(2 * up + 1)
            for start in range(2 * left + 1)
            for flip in (False, True)
        }
        found = [key for key, option in options.items() if np.array_equal(option, result)]
        assert found
        seen.add(found[0])
    assert len(seen) >= min(len(options), 8) / 2


def test_reconstruction_by_hand() -> None:
    turn = turn_of(lambda images: images.flatten(1).sum(1))
    wanted, small = turn.real_images, turn.real_images[:, :, ::2, ::2]
    pairs = ((wanted + 0.5, wanted), (small - torch.tensor([0.0, 1.0, 2.0, 3.0]).view(4, 1, 1, 1), small))
    real = turn.real._replace(reconstructions=pairs)
    values = penalties.reconstruction(DiscriminatorTurn(**{**vars(turn), "real": real}))
    torch.testing.assert_close(values, torch.tensor([0.5, 1.5, 2.5, 3.5], dtype=torch.float64))


def test_path_length_by_hand_over_two_steps() -> None:
    """G(w) = c w has the Jacobian c I, so the length is c ||y|| / sqrt(H W); a follows the mean by 1 %."""
    signals = Signals(torch.device("cpu"))
    averages = []
    for step, factor in enumerate((2.0, 3.0)):
        styles = draws(3).view(4, 1, 64).requires_grad_()
        turn = asked_turn((factor * styles).view(4, 1, 8, 8), styles, signals, step)
        noise = torch.from_numpy(Stream(0, "test/path_length", step).normal(4, 64))
        lengths = factor * noise.norm(dim=1) / 8
        averages.append(lengths.mean() if not averages else 0.99 * averages[-1] + 0.01 * lengths.mean())
        expected = (lengths - averages[-1]).square()
        torch.testing.assert_close(penalties.path_length(turn), expected, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(signals.get("path_length"), averages[-1].float())


# terms in the game


@pytest.mark.parametrize(("player", "name", "needs"), ALL_TERMS)
def test_every_term_moves_the_weights_of_its_player(player: str, name: str, needs: frozenset[str]) -> None:
    if needs & penalties.TRANSLATING:
        pytest.skip("a term of translators, which have a game of their own in test_translation.py")
    plain = play(round_of(settings()), 1)
    config = settings(**{f"objective.{player}.{name}.weight": 1.0})
    with_term = round_of(config)
    record = finite_record(with_term.play(0), 1)
    assert record[f"{player[0]}/{name}"] > 0
    ours, theirs = (dict(getattr(r.game, player).named_parameters()) for r in (with_term, plain))
    gradients = {key: (weight.grad, theirs[key].grad) for key, weight in ours.items()}
    assert any(b is None or not torch.equal(a, b) for a, b in gradients.values() if a is not None)


@pytest.mark.parametrize("name", sorted(DISCRIMINATOR_PENALTIES))
def test_every_term_is_a_function_of_the_step(name: str) -> None:
    config = settings(**{f"objective.discriminator.{name}.weight": 1.0})
    one, two = (round_of(config).play(3) for _ in range(2))
    assert all(torch.equal(one[key], two[key]) for key in one)


def test_r1_and_r2_in_one_pass_are_those_of_two() -> None:
    """One joint batch and one gradient call against a pass for each kind: equal in float64, for loss and gradients."""
    told, gradients = [], []
    for joint in (True, False):
        played = round_of(settings(**R3GAN, joint_batch=joint))
        for player in (played.game.generator, played.game.discriminator):
            player.double().register_forward_pre_hook(in_float64)
        told.append(played.play(0))
        gradients.append([weight.grad for weight in played.game.discriminator.parameters() if weight.grad is not None])
    assert told[0]["d/r1"] > 0
    assert told[0]["d/r2"] > 0
    torch.testing.assert_close(*(measures["d/loss"] for measures in told), rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(*gradients, rtol=1e-6, atol=1e-12)


def in_float64(_: torch.nn.Module, inputs: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
    return tuple(x.double() if x is not None and x.is_floating_point() else x for x in inputs)


def test_only_images_that_a_term_differentiates_take_gradients() -> None:
    objective = Objective(settings(**R3GAN, **{"objective.discriminator.r2.every": 2}).objective)
    assert objective.differentiated(0) == {"real", "fake"}
    assert objective.differentiated(1) == {"real"}
    assert Objective(settings().objective).differentiated(0) == frozenset()


def test_lazy_terms_keep_their_mean_strength_in_the_loss() -> None:
    """Over 12 rounds a term of weight 0.5 due every 4 counts 3 times by 2: 12 x 0.5 in all."""
    config = settings(**{"objective.discriminator.r1": {"weight": 0.5, "every": 4}})
    factors = []
    for step in range(12):
        told = round_of(config).play(step)
        if "d/r1" in told:
            factors.append(((told["d/loss"] - told["d/adversarial"]) / told["d/r1"]).item())
    assert factors == pytest.approx([2.0] * 3, rel=1e-3)


def test_several_discriminator_steps_each_have_their_own_batch_and_draws() -> None:
    played = round_of(settings(discriminator_steps=3, **{"objective.discriminator.gradient_penalty.weight": 1.0}))
    play(played, 2)
    assert played.batches.asked == [0, 1, 2, 3, 4, 5]
    steps = [
        optimizer.state[next(iter(player.parameters()))]["step"].item() for optimizer, player in players_of(played)
    ]
    assert steps == [2, 6]


def players_of(played):
    game = played.game
    return [(game.generator_optimizer, game.generator), (game.discriminator_optimizer, game.discriminator)]


def test_weight_limit_holds_the_discriminator_alone() -> None:
    played = play(round_of(settings(**{"objective.adversarial": "wasserstein", "objective.weight_limit": 0.01})), 1)
    largest = [max(weight.abs().max().item() for weight in player.parameters()) for _, player in players_of(played)]
    assert largest[1] == pytest.approx(0.01)
    assert largest[0] > 0.1


def test_soft_label_in_the_objective() -> None:
    """The target t of "real" adds (1 - t) of the score to both losses: softplus(x) - softplus(-x) = x."""
    turn = turn_of(lambda images: images.flatten(1).sum(1))
    hard, soft = (Objective(ObjectiveConfig(real_target=target)).discriminator(turn, 0).total for target in (1.0, 0.9))
    torch.testing.assert_close(soft - hard, 0.1 * turn.real.scores.mean())
    asked = asked_turn(draws(4), None, turn.signals)
    hard, soft = (Objective(ObjectiveConfig(real_target=target)).generator(asked, 0).total for target in (1.0, 0.9))
    torch.testing.assert_close(soft - hard, 0.1 * asked.fake.scores.mean())


def test_a_styled_generators_styles_are_those_of_its_images() -> None:
    generator = round_of(settings()).game.generator
    latents, labels = generator.draw_latents(Stream(0, "test"), 5), torch.tensor([0, 1, 2, 0, 1])
    styles = generator.styles(latents, labels)
    assert styles.shape == (5, 2, 6)
    assert torch.equal(generator.synthesise(styles), generator(latents, labels))


# what terms need


@pytest.mark.parametrize(("player", "name", "needs"), ALL_TERMS)
def test_what_a_term_needs_is_asked_before_training(player: str, name: str, needs: frozenset[str]) -> None:
    objective = settings(**{f"objective.{player}.{name}.weight": 1.0}).objective
    check_offers(objective, "everything", OFFERS, NUM_CLASSES)
    if not needs:
        check_offers(objective, "mlp_gan", frozenset(), 0)
        return
    (need,) = needs
    do = {"pairs": "translate pictures with known targets", "domains": "translate between two classes"}
    told = do.get(need, f"tell {need}")
    with pytest.raises(ConfigurationError, match=rf"`{player}\.{name}` needs players that {told}, .* `mlp_gan`"):
        check_offers(objective, "mlp_gan", frozenset(), NUM_CLASSES)
    if need in {"classes", "embeddings"}:
        with pytest.raises(ConfigurationError, match=r"this dataset has none\. Prepare a folder"):
            check_offers(objective, "everything", OFFERS, 0)


def test_families_say_what_they_offer() -> None:
    assert offers_of(family_config("acgan")) == {"classes"}
    assert offers_of(family_config("acgan_mnist")) == {"classes"}
    assert offers_of(family_config("mlp_gan")) == frozenset()


def test_terms_without_what_they_need_say_so_themselves() -> None:
    turn = turn_of(lambda images: images.flatten(1).sum(1))
    asked = asked_turn(draws(4), None, turn.signals)
    for term, words in ((penalties.d2d_ce_of_real, "embeddings"), (penalties.reconstruction, "decodes its features")):
        with pytest.raises(ConfigurationError, match=words):
            term(turn)
    with pytest.raises(ConfigurationError, match="a styled generator"):
        penalties.path_length(asked)


@pytest.mark.parametrize("generator_batch_size", [3, 12])
def test_pairs_that_compare_need_as_many_generated_images_as_real_ones(generator_batch_size: int) -> None:
    changes = {"generator_batch_size": generator_batch_size}
    with pytest.raises(ConfigurationError, match=rf"`relativistic` compares .* is {generator_batch_size}, .* Set the"):
        round_of(settings(**R3GAN, **changes))
    finite_record(round_of(settings(**changes)).play(0), 1)
    finite_record(round_of(settings(**R3GAN, generator_batch_size=6)).play(0), 1)
    check_batches(ObjectiveConfig(adversarial="relativistic"), 6, 6)
