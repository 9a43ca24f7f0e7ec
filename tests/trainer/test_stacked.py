from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from trainer.dropout import StackedDropout
from trainer.flat import Flat
from trainer.stacked import stack


def generators(count: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(10 + seed) for seed in range(count)]


def networks(count: int) -> list[nn.Sequential]:
    def one(seed: int) -> nn.Sequential:
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Conv2d(2, 4, 3),
            nn.ReLU(),
            nn.MaxPool2d(2, 1),
            nn.Flatten(),
            nn.Linear(4 * 5 * 5, 3),
        )

    return [one(seed) for seed in range(count)]


def side_by_side(images: list[Tensor]) -> Tensor:
    return torch.cat(images, dim=1)


def test_each_network_sees_its_own_images_and_gives_its_own_logits() -> None:
    alone = networks(3)
    images = list(torch.rand(3, 7, 2, 8, 8))

    logits_SBK = stack(alone, generators(3))(side_by_side(images))

    expected = torch.stack([network(own) for network, own in zip(alone, images, strict=True)])
    torch.testing.assert_close(logits_SBK, expected)


def test_a_stack_of_one_is_the_network_itself() -> None:
    (alone,) = networks(1)
    images = torch.rand(7, 2, 8, 8)

    torch.testing.assert_close(stack([alone], generators(1))(images)[0], alone(images))


def test_the_networks_that_are_stacked_stay_as_they_are() -> None:
    alone = networks(2)
    images = torch.rand(7, 2, 8, 8)
    before = [network(images) for network in alone]

    stacked = stack(alone, generators(2))
    for parameter in stacked.parameters():
        parameter.data.zero_()

    assert all(torch.equal(network(images), b) for network, b in zip(alone, before, strict=True))


@pytest.mark.parametrize(
    "end",
    [
        [nn.AdaptiveAvgPool2d(1), nn.Flatten()],
        [nn.Flatten(), nn.Flatten(), nn.Linear(36 * 3, 3), nn.Flatten()],
        [nn.AdaptiveAvgPool2d(1)],
        [nn.AdaptiveAvgPool2d(1), nn.ReLU()],
    ],
)
def test_networks_may_end_in_a_pool_and_be_flat_more_than_once(end: list[nn.Module]) -> None:
    alone = [nn.Sequential(nn.Conv2d(2, 3, 3), *deepcopy(end)) for _ in range(2)]
    images = list(torch.rand(2, 7, 2, 8, 8))

    logits_SBK = stack(alone, generators(2))(side_by_side(images))

    expected = [network(own).flatten(1) for network, own in zip(alone, images, strict=True)]
    torch.testing.assert_close(logits_SBK, torch.stack(expected))


@pytest.mark.parametrize(
    "end",
    [
        [nn.Softmax(1), nn.Flatten(), nn.LogSoftmax(1)],
        [nn.LogSoftmax(1), nn.AdaptiveAvgPool2d(1), nn.Softmax(1)],
        [nn.Flatten(), nn.BatchNorm1d(108), nn.Linear(108, 3), nn.BatchNorm1d(3, affine=False)],
        [nn.Flatten(), nn.BatchNorm1d(108, eps=0.5)],
        [
            nn.BatchNorm2d(3, eps=0.5, affine=False),
            nn.ZeroPad2d((1, 0, 2, 0)),
            nn.GELU(),
            nn.Flatten(),
        ],
    ],
)
def test_what_sees_all_channels_or_features_sees_those_of_its_own_network(
    end: list[nn.Module],
) -> None:
    alone = [nn.Sequential(nn.Conv2d(2, 3, 3), *deepcopy(end)) for _ in range(2)]
    images = list(torch.rand(2, 7, 2, 8, 8))
    stacked = stack(alone, generators(2))

    logits_SBK = stacked(side_by_side(images))

    expected = [network(own).flatten(1) for network, own in zip(alone, images, strict=True)]
    torch.testing.assert_close(logits_SBK, torch.stack(expected))
    for name, value in stacked.state_dict().items():
        states = [network.state_dict()[name] for network in alone]
        torch.testing.assert_close(value.flatten(), torch.stack(states).flatten()[: value.numel()])


def test_weights_that_a_network_uses_twice_are_there_once() -> None:
    def one() -> nn.Sequential:
        shared = nn.Conv2d(2, 2, 3, padding=1)
        return nn.Sequential(shared, nn.ReLU(), shared, nn.Flatten())

    alone = [one(), one()]
    images = list(torch.rand(2, 7, 2, 8, 8))
    stacked = stack(alone, generators(2))

    logits_SBK = stacked(side_by_side(images))

    assert Flat(stacked).vector.numel() == 2 * 38
    expected = [network(own) for network, own in zip(alone, images, strict=True)]
    torch.testing.assert_close(logits_SBK, torch.stack(expected))


@pytest.mark.parametrize(
    "between",
    [[nn.ReLU()], [nn.Dropout2d(0.5)], [nn.Dropout2d(0.5), nn.ReLU()], [nn.ReLU(), nn.ReLU()]],
)
def test_a_max_pool_goes_before_what_it_commutes_with_and_gives_the_same(
    between: list[nn.Module],
) -> None:
    images = torch.randn(6, 4, 8, 8)
    conv = nn.Conv2d(4, 5, 3, padding=1)
    plain = nn.Sequential(conv, *between, nn.MaxPool2d(2, padding=1), nn.Flatten())
    stacked = stack([plain], generators(1))
    kinds = [type(layer).__name__ for layer in stacked]

    assert kinds[1] == "MaxPool2d"
    torch.testing.assert_close(stacked.eval()(images)[0], plain.eval()(images))


def test_a_max_pool_does_not_go_before_dropout_of_elements() -> None:
    plain = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Dropout(0.5), nn.MaxPool2d(2), nn.Flatten())

    kinds = [type(layer) for layer in stack([plain], generators(1))]

    assert kinds.index(StackedDropout) < kinds.index(nn.MaxPool2d)


@pytest.mark.parametrize("channels", [False, True])
def test_dropout_of_a_network_does_not_depend_on_those_beside_it(channels: bool) -> None:
    values = torch.ones(5, 4, 3, 3)
    together = StackedDropout(0.5, generators(3), channels=channels)(torch.cat([values] * 3, 1))
    alone = StackedDropout(0.5, generators(3)[1:2], channels=channels)(values)

    assert torch.equal(together[:, 4:8], alone)
    assert not torch.equal(together[:, :4], alone)


def test_dropout_of_features_is_each_network_s_own_too() -> None:
    together = StackedDropout(0.5, generators(3), channels=False)(torch.ones(3, 5, 40))
    alone = StackedDropout(0.5, generators(3)[2:], channels=False)(torch.ones(1, 5, 40))

    assert torch.equal(together[2], alone[0])
    assert set(together.unique().tolist()) == {0.0, 2.0}


def test_channel_dropout_drops_whole_channels_of_single_images() -> None:
    dropped = StackedDropout(0.5, generators(2), channels=True)(torch.ones(50, 8, 3, 3))

    assert torch.equal(dropped, dropped[:, :, :1, :1].expand_as(dropped))
    assert set(dropped.unique().tolist()) == {0.0, 2.0}
    assert 0.3 < (dropped == 0).double().mean().item() < 0.7


@pytest.mark.parametrize(("p", "left"), [(0.0, 1.0), (1.0, 0.0)])
def test_dropout_of_nothing_and_of_everything(p: float, left: float) -> None:
    dropped = StackedDropout(p, generators(1), channels=False)(torch.ones(2, 3, 4, 4))

    assert torch.equal(dropped, torch.full((2, 3, 4, 4), left))


def test_dropout_keeps_still_in_evaluation() -> None:
    dropout = StackedDropout(0.9, generators(1), channels=False).eval()

    assert torch.equal(dropout(torch.ones(2, 3)), torch.ones(2, 3))


def test_the_vector_is_the_parameters_and_its_gradient_is_theirs() -> None:
    stacked = stack(networks(2), generators(2))
    values = [parameter.detach().clone() for parameter in stacked.parameters()]
    flat = Flat(stacked)
    images = torch.rand(3, 4, 8, 8)
    expected = torch.autograd.grad(stacked(images).square().sum(), list(stacked.parameters()))

    flat.differentiate(stacked(images).square().sum())

    for parameter, value in zip(stacked.parameters(), values, strict=True):
        assert torch.equal(parameter, value)
    assert flat.vector.grad is not None
    for view, gradient in zip(flat.views(flat.vector.grad), expected, strict=True):
        torch.testing.assert_close(view, gradient)
    with torch.no_grad():
        flat.vector.zero_()
    assert all(not parameter.any() for parameter in stacked.parameters())
