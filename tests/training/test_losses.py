"""Margin losses against their formulas, published check values and finite differences."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from harness.errors import UsageError
from harness.training.losses import MARGINS, AdaFace, ArcFace, CosFace, classification_loss

LABELS = torch.tensor([0, 2, 1, 0])


def features(scale=20.0):
    rng = torch.Generator().manual_seed(1)
    return torch.randn(4, 6, generator=rng, dtype=torch.float64) * scale


def made(name, **options):
    with torch.random.fork_rng():
        torch.manual_seed(2)
        return classification_loss(name, 6, 3, **options).double()


def by_hand(name, loss, x, s=64.0):
    """Logits (B, C) of the published formulas, image by image."""
    x, w = x.detach().numpy(), loss.weight.detach().numpy()
    norms = np.linalg.norm(x, axis=1)
    cosines = x @ w / norms[:, None] / np.linalg.norm(w, axis=0)
    if name == "adaface":
        mu = 0.01 * norms.mean() + 0.99 * 20
        sigma = 0.01 * norms.std(ddof=1) + 0.99 * 100
        z = np.clip((norms - mu) / (sigma + 1e-3) * 0.333, -1, 1)
    own = cosines[np.arange(4), LABELS]
    t = 0.01 * own.mean()
    logits = cosines.copy()
    for i, y in enumerate(LABELS.tolist()):
        theta = math.acos(own[i])
        if name == "cosface":
            target = own[i] - 0.4
        elif name == "adaface":
            target = math.cos(min(max(theta - 0.4 * z[i], 1e-3), math.pi - 1e-3)) - 0.4 - 0.4 * z[i]
        else:
            target = math.cos(theta + 0.5)
        if name == "curricularface":
            assert theta < math.pi - 0.5
            for j in range(3):
                if cosines[i, j] > target:
                    logits[i, j] = cosines[i, j] * (t + cosines[i, j])
        logits[i, y] = target
    return s * logits


@pytest.mark.parametrize("name", sorted(MARGINS))
def test_loss_is_cross_entropy_of_the_published_logits(name):
    loss, x = made(name).float(), features()
    value, log = loss(x.float(), LABELS)
    expected = F.cross_entropy(torch.from_numpy(by_hand(name, loss, x)), LABELS)
    assert value.item() == pytest.approx(expected.item(), rel=1e-4)
    assert log["norm"] == pytest.approx(float(x.norm(dim=1).mean()), rel=1e-5)


@pytest.mark.parametrize(
    ("norm", "logit", "slope"),
    [(1e-3, 7.890, -63.51), (50.0, 6.400, -55.43), (100.0, -0.142, -38.59)],
)
def test_adaface_check_values_at_60_degrees(norm, logit, slope):
    """Lowest, middle and highest quality (z = -1, 0, 1)."""
    loss = AdaFace(2, 2, m=0.4, clamp=1e-3).double().eval()
    loss.mean.fill_(50.0)
    loss.std.fill_(1.0)
    theta = torch.tensor(math.pi / 3, dtype=torch.float64, requires_grad=True)
    own = theta.cos().view(1, 1)
    found = 64 * loss.margin(own, torch.full((1, 1), norm, dtype=torch.float64))
    assert found.item() == pytest.approx(logit, abs=5e-4)
    (gradient,) = torch.autograd.grad(found.sum(), theta)
    assert float(gradient) == pytest.approx(slope, abs=5e-3)


def test_adaface_statistics_start_and_move():
    loss = AdaFace(6, 3, m=0.4)
    assert (float(loss.mean), float(loss.std)) == (20.0, 100.0)
    x = features().float()
    loss(x, LABELS)
    norms = x.norm(dim=1)
    assert float(loss.mean) == pytest.approx(0.99 * 20 + 0.01 * float(norms.mean()), rel=1e-5)
    assert float(loss.std) == pytest.approx(0.99 * 100 + 0.01 * float(norms.std()), rel=1e-5)
    loss.eval()
    before = float(loss.mean)
    loss(x, LABELS)
    assert float(loss.mean) == before
    assert {"mean", "std", "weight"} == set(loss.state_dict())


def test_adaface_refuses_one_image():
    with pytest.raises(UsageError, match="two images"):
        AdaFace(6, 3, m=0.4)(features().float()[:1], LABELS[:1])


@pytest.mark.parametrize("m", [0.3, 0.5])
def test_the_two_margin_gradients(m):
    """Exact: s sin(theta + m) / sin(theta); straight-through: s."""
    for gradient in ("exact", "straight-through"):
        loss = ArcFace(2, 2, m=m, gradient=gradient)
        own = torch.tensor([[0.3]], dtype=torch.float64, requires_grad=True)
        theta = math.acos(0.3)
        logits = 64 * loss.logits(own, torch.tensor([0]), torch.ones(1))
        assert logits.item() == pytest.approx(64 * math.cos(theta + m))
        (found,) = torch.autograd.grad(logits.sum(), own)
        exact = 64 * math.sin(theta + m) / math.sin(theta)
        assert found.item() == pytest.approx(exact if gradient == "exact" else 64.0)


@pytest.mark.parametrize("name", ["adaface", "arcface", "cosface", "softmax"])
def test_gradient_equals_finite_differences(name):
    """AdaFace's depends on the norm too, but only through a detached margin: norms stay fixed."""
    loss = made(name).eval().double()
    direction = torch.randn(4, 6, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    x = F.normalize(features(), dim=1) * 20
    direction -= (direction * x).sum(1, keepdim=True) / 400 * x  # along the sphere
    x.requires_grad_()

    def value(step):
        moved = F.normalize(x + step * direction, dim=1) * 20
        with torch.no_grad():
            return float(exact(loss, moved))

    exact(loss, x).backward()
    slope = (value(1e-4) - value(-1e-4)) / 2e-4
    assert float((x.grad * direction).sum()) == pytest.approx(slope, rel=1e-4, abs=1e-6)


def exact(loss, x):
    """The loss in float64, as ``forward`` computes it in float32."""
    if not hasattr(loss, "weight"):
        return F.cross_entropy(loss.linear(x), LABELS)
    cosines = F.normalize(x, dim=1) @ F.normalize(loss.weight, dim=0)
    return F.cross_entropy(
        loss.scale * loss.logits(cosines, LABELS, x.detach().norm(dim=1)), LABELS
    )


def test_clamped_cosines_have_no_gradient():
    loss = CosFace(2, 2, m=0.4, clamp=1e-3)
    x = (loss.weight[:, :1].T * 5).detach().requires_grad_()
    loss(x, torch.tensor([0]))[0].backward()
    own_only = CosFace(2, 1, m=0.4, clamp=1e-3)
    own_only.weight.data = loss.weight.data[:, :1]
    y = x.detach().clone().requires_grad_()
    own_only(y, torch.tensor([0]))[0].backward()
    assert float(y.grad.abs().max()) == 0.0


def test_centres_start_as_unit_columns():
    assert torch.allclose(made("arcface").weight.norm(dim=0), torch.ones(3, dtype=torch.float64))


def test_logits_are_float32_under_autocast():
    loss, x = made("arcface").float(), features().float()
    plain, _ = loss(x, LABELS)
    with torch.autocast("cpu", torch.bfloat16):
        cast, _ = loss(x, LABELS)
    assert cast.dtype == torch.float32
    assert cast.item() == plain.item()


def test_unknown_loss_is_named():
    with pytest.raises(UsageError, match="unknown loss 'arc'"):
        classification_loss("arc", 6, 3)


CLASSES = 40


def sampled(name, rate, seed=5):
    """Loss, gradient of the features, gradient of the centres, and the centres that were drawn."""
    rng = torch.Generator().manual_seed(3)
    with torch.random.fork_rng():
        torch.manual_seed(2)
        loss = classification_loss(name, 6, CLASSES, sample_rate=rate)
        x = torch.randn(4, 6, generator=rng).requires_grad_()
        torch.manual_seed(seed)
        drawn = loss.draw(torch.tensor([7, 30, 7, 0]))
        torch.manual_seed(seed)
        value, _ = loss(x, torch.tensor([7, 30, 7, 0]))
    value.backward()
    return value.detach(), x.grad, loss, drawn


@pytest.mark.parametrize("name", sorted(MARGINS))
def test_all_centres_at_rate_one_bit_for_bit(name):
    value, gradient, loss, _ = sampled(name, 1.0)
    nearly, other, same, drawn = sampled(name, 1 - 1e-6)  # by way of the draw
    assert drawn.tolist() == list(range(CLASSES))
    assert torch.equal(value, nearly)
    assert torch.equal(gradient, other)
    assert torch.equal(loss.weight.grad, same.weight.grad)


@pytest.mark.parametrize("name", sorted(MARGINS))
def test_only_drawn_centres_learn_as_if_there_were_no_others(name):
    value, gradient, loss, drawn = sampled(name, 0.25)
    assert len(drawn) == 10
    assert {0, 7, 30} <= set(drawn.tolist())
    touched = torch.nonzero(loss.weight.grad.abs().sum(0))[:, 0]
    assert set(touched.tolist()) <= set(drawn.tolist())
    assert {0, 7, 30} <= set(touched.tolist())
    alone = classification_loss(name, 6, 10)
    with torch.no_grad():
        alone.weight.copy_(loss.weight[:, drawn])
    rng = torch.Generator().manual_seed(3)
    x = torch.randn(4, 6, generator=rng).requires_grad_()
    expected, _ = alone(x, torch.tensor([drawn.tolist().index(c) for c in (7, 30, 7, 0)]))
    expected.backward()
    torch.testing.assert_close(value, expected.detach())
    torch.testing.assert_close(gradient, x.grad)
    torch.testing.assert_close(loss.weight.grad[:, drawn], alone.weight.grad)


def test_the_draw_follows_the_seed_alone_and_is_uniform():
    loss = classification_loss("cosface", 6, CLASSES, sample_rate=0.25)
    labels, counts = torch.tensor([3, 3]), torch.zeros(CLASSES)
    with torch.random.fork_rng():
        for seed in range(2000):
            torch.manual_seed(seed)
            drawn = loss.draw(labels)
            torch.manual_seed(seed)
            assert torch.equal(drawn, loss.draw(labels))
            counts[drawn] += 1
    others = counts[torch.arange(CLASSES) != 3]
    assert counts[3] == 2000
    # Nine of 39 each: five standard deviations of a binomial.
    assert (others / 2000 - 9 / 39).abs().max() < 5 * math.sqrt(9 / 39 * 30 / 39 / 2000)


def test_own_centres_are_all_there_though_they_exceed_the_rate():
    loss = classification_loss("cosface", 6, CLASSES, sample_rate=0.01)
    assert loss.draw(torch.arange(5)).tolist() == [0, 1, 2, 3, 4]
    assert torch.isfinite(loss(torch.randn(5, 6), torch.arange(5))[0])


def test_all_centres_count_outside_of_training():
    one = classification_loss("cosface", 6, CLASSES, sample_rate=0.1).eval()
    whole = classification_loss("cosface", 6, CLASSES).eval()
    whole.load_state_dict(one.state_dict())
    x = torch.randn(3, 6)
    assert torch.equal(one(x, torch.arange(3))[0], whole(x, torch.arange(3))[0])


def test_plain_softmax_has_no_sample_rate():
    with pytest.raises(UsageError, match="no sample_rate"):
        classification_loss("softmax", 6, CLASSES, sample_rate=0.5)


def past_pi_by_hand(own, m, rule):
    """cos(theta + m) in Python's own numbers; past pi as one or the other code has it."""
    total = math.acos(own) + m
    return math.cos(total if rule == "cosine" else min(max(total, 1e-4), math.pi - 1e-4))


@pytest.mark.parametrize("rule", ["cosine", "clip"])
@pytest.mark.parametrize("gradient", ["exact", "straight-through"])
def test_arcface_past_pi(rule, gradient):
    rng = np.random.default_rng(11)
    own = np.cos(np.append(rng.uniform(0.02, math.pi - 0.02, 300), math.pi - 0.5))
    loss = ArcFace(2, 2, m=0.5, past_pi=rule, gradient=gradient)
    cosine = torch.tensor(own, requires_grad=True)
    harder = loss._harder(cosine[:, None], torch.ones(len(own), 1))[:, 0]
    wanted = [past_pi_by_hand(value, 0.5, rule) for value in own]
    np.testing.assert_allclose(harder.detach().numpy(), wanted, atol=1e-9)
    (slope,) = torch.autograd.grad(harder.sum(), cosine)
    theta, past = np.arccos(own), np.arccos(own) + 0.5 > math.pi - 1e-4
    exact = np.sin(theta + 0.5) / np.sin(theta)
    if rule == "clip":
        exact[past] = 0.0
    np.testing.assert_allclose(slope.numpy(), exact if gradient == "exact" else 1.0, atol=1e-9)
    assert 30 < past.sum() < 100


def test_the_two_pasts_of_pi_agree_below_it_and_only_there():
    own = torch.linspace(-0.999, 0.999, 500, dtype=torch.float64)[:, None]
    one, two = (ArcFace(2, 2, m=0.5, past_pi=rule).margin(own, own) for rule in ("cosine", "clip"))
    below = own.arccos() + 0.5 <= math.pi - 1e-4
    assert torch.equal(one[below], two[below])
    assert (one[~below] > two[~below]).all()


@pytest.mark.parametrize("name", sorted(MARGINS))
def test_normal_centres_have_the_deviation_of_partial_fc(name):
    with torch.random.fork_rng():
        torch.manual_seed(7)
        loss = classification_loss(name, 512, 400, centres="normal")
    weight = loss.weight.detach()
    assert float(weight.std()) == pytest.approx(0.01, rel=0.01)
    assert float(weight.mean()) == pytest.approx(0.0, abs=1e-4)
    assert float(weight.norm(dim=0).mean()) == pytest.approx(0.01 * math.sqrt(512), rel=0.01)


def test_the_length_of_a_centre_changes_its_step_and_not_the_loss():
    long, short = made("cosface").float(), made("cosface").float()
    with torch.no_grad():
        short.weight.copy_(long.weight * 0.226)
    x = features().float()
    one, two = long(x, LABELS)[0], short(x, LABELS)[0]
    assert one.item() == pytest.approx(two.item(), rel=1e-6)
    one.backward()
    two.backward()
    torch.testing.assert_close(short.weight.grad, long.weight.grad / 0.226, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "options", "match"),
    [
        ("softmax", {"centres": "normal"}, "loss softmax has no centres"),
        ("softmax", {"past_pi": "clip"}, "loss softmax has no past_pi"),
        ("cosface", {"past_pi": "clip"}, "loss cosface has no past_pi"),
        ("adaface", {"past_pi": "clip"}, "loss adaface has no past_pi"),
    ],
)
def test_an_option_that_a_loss_does_not_have_is_refused(name, options, match):
    with pytest.raises(UsageError, match=match):
        classification_loss(name, 6, 3, **options)
