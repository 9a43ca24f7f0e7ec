import pytest
import torch

from tests.trainer.factories import architecture, images, split
from trainer.images import DataMismatch, Images, ResolutionTooHigh, fitted, resized


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
    at_once = resized(images(), 4).train.images
    monkeypatch.setattr("trainer.images._RESIZED_AT_ONCE", 7)

    assert torch.equal(resized(images(), 4).train.images, at_once)


def test_a_resolution_above_the_native_one_is_refused_in_a_sentence() -> None:
    with pytest.raises(ResolutionTooHigh, match=r"'made' have 8×8 pixels; a resolution of 9 would"):
        resized(images(resolution=8), 9)


def test_images_are_fitted_to_the_resolution_of_a_network() -> None:
    assert fitted(images(resolution=8), architecture(resolution=6)).resolution == 6


def test_a_network_for_other_channels_is_refused_in_a_sentence() -> None:
    with pytest.raises(DataMismatch, match="images of 3 channels, but those of 'made' have 1"):
        fitted(images(channels=1), architecture(channels=3))


def test_a_network_with_other_outputs_than_classes_is_refused_in_a_sentence() -> None:
    seven = architecture([{"type": "flatten"}, {"type": "linear", "out_features": 7}])

    with pytest.raises(DataMismatch, match="gives 7 outputs, but 'made' has 10 classes"):
        fitted(images(), seven)


def test_a_network_that_ends_in_maps_is_refused_in_a_sentence() -> None:
    maps = architecture([{"type": "conv2d", "out_channels": 10, "kernel_size": 7}])

    with pytest.raises(DataMismatch, match="gives 10×2×2 outputs"):
        fitted(images(), maps)
