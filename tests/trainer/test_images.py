from pathlib import Path
from typing import Any

import pytest
import torch

from solver.network.architecture import Architecture
from tests.trainer.factories import architecture, images, split
from trainer.cache import Disk, Memory
from trainer.images import DataMismatch, Images, ResolutionTooHigh, Split, fitted, resized
from trainer.vision import transforms


def on_disk(folder: Path) -> Images:
    made = images(resolution=8)
    return Images(made.dataset, 8, made.train, made.validation, made.test, Disk(folder))


def same(one: Split, other: Split) -> bool:
    return torch.equal(one.images, other.images) and torch.equal(one.labels, other.labels)


@pytest.fixture
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is in memory."""
    monkeypatch.setattr("trainer.images._MEMORY", Memory(1 << 20))


def test_the_native_resolution_is_left_as_it_is() -> None:
    native = images(resolution=8)

    assert resized(native, 8) is native


def test_a_resolution_is_made_once() -> None:
    native = images(resolution=8)

    assert resized(native, 4) is resized(native, 4)


def test_all_splits_are_reduced_and_keep_their_labels() -> None:
    native = images(channels=3, resolution=8)

    small = resized(native, 5)

    assert small.resolution == 5
    for before, after in (
        (native.train, small.train),
        (native.validation, small.validation),
        (native.test, small.test),
    ):
        assert after.images.shape == (len(before), 3, 5, 5)
        assert after.images.dtype == torch.uint8
        assert torch.equal(after.labels, before.labels)


def test_half_the_resolution_is_antialiased() -> None:
    # A triangle of half-width 2 around each output pixel's centre: 1/8, 3/8, 3/8, 1/8 of 4 columns,
    # renormalised at the edge to 3/7, 3/7, 1/7.
    columns_W = torch.tensor([0, 0, 200, 200, 0, 0, 80, 80], dtype=torch.uint8)
    split_ = split(images_NCHW=columns_W.expand(10, 1, 8, 8).contiguous())
    native = images(resolution=8)
    native = Images(native.dataset, 8, split_, native.validation, native.test)

    row_W = resized(native, 4).train.images[0, 0, 0]

    expected = [200 / 7, 200 * 6 / 8, (200 + 80) / 8, 80 * 6 / 7]
    assert row_W.tolist() == [round(value) for value in expected]


def test_more_images_than_are_resized_at_once_are_all_resized(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_once = images().at(4).train.images
    monkeypatch.setattr("trainer.images._VALUES_AT_ONCE", 7 * 8 * 8)

    assert torch.equal(images().at(4).train.images, at_once)


def test_a_resolution_above_the_native_one_is_refused_in_a_sentence() -> None:
    with pytest.raises(ResolutionTooHigh, match=r"'made' have 8×8 pixels; a resolution of 9 would"):
        resized(images(resolution=8), 9)


def test_images_are_fitted_to_the_resolution_of_a_network() -> None:
    assert fitted(images(resolution=8), architecture(resolution=6)).resolution == 6


def test_a_network_for_other_channels_is_refused_in_a_sentence() -> None:
    with pytest.raises(
        DataMismatch, match=r"^The network takes 3 channels; the images of made have 1\.$"
    ):
        fitted(images(channels=1), architecture(channels=3))


def test_a_network_for_rectangles_is_refused_in_a_sentence() -> None:
    layers = [{"type": "flatten"}, {"type": "linear", "out_features": 10}]
    image = {"channels": 1, "height": 6, "width": 8}
    network = Architecture.model_validate({"input": image, "layers": layers})

    with pytest.raises(
        DataMismatch, match=r"takes images of 6×8 pixels; those of made are squares"
    ):
        fitted(images(), network)


def test_a_network_with_other_outputs_than_classes_is_refused_in_a_sentence() -> None:
    seven = architecture([{"type": "flatten"}, {"type": "linear", "out_features": 7}])

    with pytest.raises(DataMismatch, match="has 7 outputs; made has 10 classes"):
        fitted(images(), seven)


@pytest.mark.parametrize("pool", [[], [{"type": "global_avg_pool2d"}, {"type": "relu"}]])
def test_a_network_that_ends_in_maps_of_one_pixel_is_taken(pool: list[dict[str, Any]]) -> None:
    convolution = {"type": "conv2d", "out_channels": 10, "kernel_size": 5 if pool else 8}

    assert fitted(images(), architecture([convolution, *pool])).resolution == 8


def test_a_network_that_ends_in_maps_is_refused_in_a_sentence() -> None:
    maps = architecture([{"type": "conv2d", "out_channels": 10, "kernel_size": 7}])

    with pytest.raises(
        DataMismatch, match="ends in 10 maps of 2×2 pixels, but needs one output for each of"
    ):
        fitted(images(), maps)


def test_detail_of_the_network_s_resolution_changes_nothing() -> None:
    network = architecture(resolution=6)

    assert fitted(images(), network, detail=6) is fitted(images(), network)


@pytest.mark.parametrize("resolution", [8, 13])
def test_the_upsampled_control_holds_what_the_original_saw_and_no_more(resolution: int) -> None:
    """Its images are those at the original's resolution, enlarged; above the native one too."""
    native, network = images(channels=3), architecture(channels=3, resolution=resolution)

    control = fitted(native, network, detail=4)

    original = fitted(native, architecture(channels=3, resolution=4))
    for made, seen in (
        (control.train, original.train),
        (control.validation, original.validation),
        (control.test, original.test),
    ):
        enlarged = torch.nn.functional.interpolate(
            seen.images.double(), size=resolution, mode="bilinear", align_corners=False
        )
        assert (made.images - enlarged).abs().max() <= 0.5 + 1e-4  # rounded, and from floats
        assert torch.equal(made.labels, seen.labels)
    assert control.resolution == resolution


def test_the_control_of_flat_images_is_flat() -> None:
    native = images()
    flat = Split(torch.full_like(native.train.images, 77), native.train.labels)
    native = Images(native.dataset, 8, flat, native.validation, native.test)

    control = fitted(native, architecture(resolution=11), detail=3)

    assert set(control.train.images.flatten().tolist()) == {77}


def test_detail_above_the_native_resolution_is_refused() -> None:
    with pytest.raises(ResolutionTooHigh, match="a resolution of 9 would"):
        fitted(images(), architecture(resolution=12), detail=9)


@pytest.mark.parametrize("detail", [0, -1, 7])
def test_detail_that_the_network_cannot_be_given_is_refused(detail: int) -> None:
    with pytest.raises(DataMismatch, match="cannot be enlarged to 6×6"):
        fitted(images(), architecture(resolution=6), detail=detail)


def test_fewer_training_images_leave_the_other_splits_alone() -> None:
    whole = fitted(images(), architecture())

    few = fitted(images(), architecture(), training_images=20)
    fewer = fitted(images(), architecture(), training_images=10)

    assert torch.bincount(few.train.labels).tolist() == [2] * 10
    assert torch.bincount(fewer.train.labels).tolist() == [1] * 10
    assert same(few.validation, whole.validation)
    assert same(few.test, whole.test)
    rows = {image.numpy().tobytes() for image in few.train.images}
    assert {image.numpy().tobytes() for image in fewer.train.images} < rows
    assert rows < {image.numpy().tobytes() for image in whole.train.images}


def test_all_training_images_are_the_whole_split() -> None:
    native = images()

    assert fitted(native, architecture(), training_images=50) is native


@pytest.mark.parametrize("number", [0, -5, 51])
def test_training_images_that_there_are_not_are_refused(number: int) -> None:
    with pytest.raises(
        DataMismatch, match=rf"asks for {number} training images, but 'made' has 50"
    ):
        fitted(images(), architecture(), training_images=number)


def test_resized_images_come_from_the_disk_the_next_time(
    tmp_path: Path, forgotten: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = resized(on_disk(tmp_path), 5, detail=4)
    monkeypatch.setattr("trainer.images._MEMORY", Memory(1 << 20))
    monkeypatch.setattr("trainer.images.squared", None)

    again = resized(on_disk(tmp_path), 5, detail=4)

    assert len(list(tmp_path.glob("*.safetensors"))) == 2  # the smaller images of the control, too
    assert again is not first
    assert again.resolution == 5
    assert again.dataset == first.dataset
    for one, other in zip(
        (first.train, first.validation, first.test),
        (again.train, again.validation, again.test),
        strict=True,
    ):
        assert same(one, other)


def test_images_of_other_content_or_splits_are_not_mistaken_for_one_another(
    tmp_path: Path, forgotten: None
) -> None:
    one = on_disk(tmp_path)
    other = Images(one.dataset, 8, one.train, one.test, one.validation, one.disk)

    assert same(resized(one, 4).test, resized(other, 4).validation)
    assert len(list(tmp_path.iterdir())) == 2


def test_native_images_are_not_stored_again(tmp_path: Path) -> None:
    native = on_disk(tmp_path)

    assert fitted(native, architecture(resolution=8)) is native
    assert list(tmp_path.iterdir()) == []


def test_a_resize_is_torchvision_s() -> None:
    native = images(channels=3)
    transform = transforms.Resize((5, 5), antialias=True)

    made = native.at(5).train.images

    assert torch.equal(made, transform(native.train.images.float()).round().byte())
