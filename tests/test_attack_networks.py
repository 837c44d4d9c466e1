import pytest
import torch
from torch import nn
from torch.nn import functional

from core.attacks.networks import NETWORKS, AttackCard, AttackNetwork, build_network
from core.attacks.networks.resnet import AttackResNet
from core.errors import AttackError

torch.set_num_threads(1)


def make(name, channels=1, transform="none", **arguments):
    torch.manual_seed(0)
    return NETWORKS.make({"name": name, **arguments}).build(channels, transform).eval()


@pytest.mark.parametrize(("name", "entries"), [("resnet18", 140), ("resnet34", 236), ("resnet50", 332)])
def test_resnets_have_as_many_weights_as_the_published_ones(name, entries):
    assert len(make(name, width=0.05).state_dict()) == entries


def test_resnet50_has_the_names_and_shapes_of_the_published_checkpoints():
    with torch.device("meta"):
        state = NETWORKS.make({"name": "resnet50"}).build(38).state_dict()
    shapes = {name: tuple(value.shape) for name, value in state.items()}
    assert shapes["conv1.0.weight"] == (64, 38, 3, 3)
    assert shapes["conv1.3.weight"] == (64, 64, 3, 3)
    assert shapes["conv1.6.weight"] == (128, 64, 3, 3)
    assert shapes["bn1.running_var"] == (128,)
    assert shapes["layer1.0.downsample.0.weight"] == (256, 128, 1, 1)
    assert shapes["layer3.5.conv2.weight"] == (256, 256, 3, 3)
    assert shapes["layer4.2.bn3.num_batches_tracked"] == ()
    assert shapes["fc.weight"] == (2, 2048)


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "small"])
@pytest.mark.parametrize("size", [(90, 90), (91, 104), (1, 8)])
def test_every_network_gives_one_cell_per_eight_points_rounded_up(name, size):
    network = make(name, width=0.05)
    cells = network.features(torch.zeros(1, 1, *size))
    assert cells.shape[2:] == (network.cells(size[0]), network.cells(size[1]))
    assert network.cells(90) == 12


@pytest.mark.parametrize(("name", "arguments"), [("small", {}), ("resnet18", {}), ("resnet50", {"dilated": True})])
def test_the_mean_of_the_cell_logits_is_the_classifier(name, arguments):
    network = make(name, channels=3, width=0.1, **arguments)
    nn.init.normal_(network.fc.bias)
    x = torch.rand(2, 3, 75, 90)
    logits = network(x)
    assert torch.allclose(network.cell_logits(x).mean(dim=(2, 3)), logits, atol=1e-5)
    assert torch.allclose(network.cell_margins(x).mean(dim=(1, 2)), logits[:, 1] - logits[:, 0], atol=1e-5)


def test_window_margins_are_means_of_squares_of_cells():
    network = make("small", width=0.1)
    x = torch.rand(1, 1, 48, 64)
    cells = network.cell_margins(x)[0].detach()
    windows = network.window_margins(x, 30)[0].detach()
    assert windows.shape == (3, 5)
    for i in range(3):
        for j in range(5):
            assert windows[i, j].item() == pytest.approx(cells[i : i + 4, j : j + 4].mean().item(), abs=1e-5)


class Linear(nn.Module):
    """Stands in for ReLU and normalisation, so that a gradient shows all that a cell can see."""

    def forward(self, x):
        return x


def opened(network):
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.constant_(module.weight, 1.0 / module.weight[0].numel())
        for name, child in module.named_children():
            if isinstance(child, nn.ReLU | nn.BatchNorm2d):
                setattr(module, name, Linear())
            elif isinstance(child, nn.MaxPool2d):
                setattr(module, name, nn.AvgPool2d(child.kernel_size, child.stride, child.padding))
    return network.double()


@pytest.mark.parametrize(
    ("name", "arguments", "size", "expected"),
    [("small", {}, 160, 47), ("resnet18", {}, 480, 231), ("resnet18", {"dilated": True}, 900, None)],
)
def test_the_receptive_field_is_what_a_gradient_reaches(name, arguments, size, expected):
    network = make(name, width=0.05, **arguments)
    stated = network.receptive_field
    x = torch.zeros(1, 1, size, size, dtype=torch.float64, requires_grad=True)
    cells = opened(network).features(x)
    cell = cells.shape[2] // 2
    cells[0, :, cell, cell].sum().backward()
    seen = torch.nonzero(x.grad[0, 0].abs().sum(dim=1))[:, 0]
    assert stated == len(seen) == seen[-1] - seen[0] + 1
    assert (seen[0] + seen[-1]) / 2 == 8 * cell
    assert expected in (None, stated)


def test_resnet50_sees_as_much_as_was_measured():
    assert NETWORKS.make({"name": "resnet50", "width": 0.05}).build(1).receptive_field == 239


def test_dilation_doubles_from_the_second_convolution_of_a_stage():
    network = AttackResNet(1, depth=50, width=0.05, dilated=True)
    assert [network.layer3[i].conv2.dilation for i in range(3)] == [(1, 1), (2, 2), (2, 2)]
    assert [network.layer4[i].conv2.padding for i in range(3)] == [(2, 2), (4, 4), (4, 4)]
    assert network.layer4[0].conv2.stride == (1, 1)


def test_the_log_transform_is_applied_before_the_network():
    plain, logged = make("small", width=0.1), make("small", transform="log", width=0.1)
    x = torch.rand(1, 1, 24, 24) * 69
    assert torch.allclose(logged(x), plain(torch.log(1 + 100 * x)), atol=1e-5)
    assert not torch.allclose(logged(x), plain(x))


def test_an_unknown_transform_is_refused():
    with pytest.raises(ValueError, match="squared"):
        NETWORKS.make({"name": "small"}).build(1, "squared")


def test_a_card_builds_the_network_it_describes():
    card = AttackCard("resnet18", "concatenation", {"width": 0.25}, classes=11)
    network = build_network(card)
    assert isinstance(network, AttackNetwork)
    assert network.channels == 22
    assert network.conv1[0].weight.shape[:2] == (16, 22)


@pytest.mark.parametrize(
    ("name", "arguments"), [("transformer", {}), ("small", {"depth": 3}), ("small", {"width": "x"})]
)
def test_a_card_of_an_unknown_architecture_or_argument_is_refused(name, arguments):
    with pytest.raises(AttackError):
        build_network(AttackCard(name, "slm", arguments))


def test_networks_learn_through_the_dense_pass():
    network = make("small", width=0.25).train()
    x = torch.rand(8, 1, 32, 40)
    x[4:] *= 2
    wanted = torch.tensor([0.0] * 4 + [1.0] * 4)[:, None, None]
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    losses = []
    for _ in range(15):
        margins = network.window_margins(x, 24)
        loss = functional.binary_cross_entropy_with_logits(margins, wanted.expand_as(margins))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]
