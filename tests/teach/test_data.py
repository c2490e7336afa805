"""The cast of real data: shapes, and the facts that the chapters build on."""

import hashlib
import itertools

import torch
from sklearn.datasets import load_digits

from lossbook.teach import data


def robust_distances(y: torch.Tensor) -> torch.Tensor:
    """How many robust standard deviations each number is from the median: 1.4826 times the MAD is one."""
    distance = (y - y.median()).abs()
    return distance / (1.4826 * distance.median())


def test_tumours():
    tumours = data.tumour_area_error()
    assert tumours.x.shape == tumours.y.shape == (569,)
    assert tumours.x.dtype == tumours.y.dtype == torch.float32
    assert tumours.y.min() > 0
    assert (tumours.x_name, tumours.y_name) == ("mean radius", "area error")
    assert "breast cancer" in tumours.origin


def test_tumours_have_real_outliers_and_a_growing_spread():
    tumours = data.tumour_area_error()
    far = robust_distances(tumours.y)
    assert 25 < far.max() < 45
    assert 20 < (far > 5).sum() < 120
    small, large = (tumours.y[mask].std() for mask in (tumours.x < tumours.x.median(), tumours.x > tumours.x.median()))
    assert large > 3 * small


def test_diabetes():
    x, y = data.diabetes()
    assert x.shape == (442, 10)
    assert y.shape == (442,)
    assert x.dtype == y.dtype == torch.float32
    assert x.mean(0).abs().max() < 1e-6
    torch.testing.assert_close((x**2).sum(0), torch.ones(10))
    assert (y.min().item(), y.max().item()) == (25, 346)


def test_diabetes_has_no_outliers():
    assert robust_distances(data.diabetes()[1]).max() < 3


def test_horse_kicks_are_few_and_as_spread_as_poisson_counts():
    kicks = data.horse_kicks()
    assert kicks.shape == (280,)
    assert kicks.dtype == torch.float32
    assert (kicks.sum().item(), kicks.max().item()) == (196, 4)
    assert kicks.long().bincount().tolist() == [144, 91, 32, 11, 2]
    assert 0.9 < kicks.var() / kicks.mean() < 1.2


def test_visits_to_doctors_are_counts_with_more_spread_than_a_poisson():
    measured, visits, names = data.doctor_visits()
    assert measured.shape == (20190, 9)
    assert (len(names), names[0]) == (9, "lncoins")
    assert torch.equal(visits, visits.round())
    assert (visits.min(), visits.max()) == (0, 77)
    assert visits.sum() == 57752
    assert 7 < visits.var() / visits.mean() < 7.2


def test_the_king_james_text_is_the_frozen_one():
    text = data.king_james()
    assert hashlib.sha256(text.encode()).hexdigest() in (data.records.folder() / "text" / "README.md").read_text()
    assert len(text) == len(text.encode("ascii")) == 275_125
    assert text.startswith("In the beginning God created the heaven and the earth.\n")
    assert text.endswith("and also much cattle?\n")


def test_the_king_james_text_has_whole_books_a_verse_a_line():
    chapters = data.king_james().strip().split("\n\n")
    assert len(chapters) == 50 + 4 + 10 + 12 + 4  # Genesis, Ruth, Esther, Ecclesiastes, Jonah
    verses = [verse for chapter in chapters for verse in chapter.split("\n")]
    assert len(verses) == 1533 + 85 + 167 + 222 + 48
    assert all(verse == " ".join(verse.split()) and not any(letter.isdigit() for letter in verse) for verse in verses)
    assert [chapters[at].split()[:3] for at in (50, 54, 64, 76)] == [
        ["Now", "it", "came"],
        ["Now", "it", "came"],
        ["The", "words", "of"],
        ["Now", "the", "word"],
    ]


def test_the_flights_are_the_frozen_ones():
    folder = data.records.folder() / "flights"
    content = (folder / "jfk-sfo-2013.csv").read_bytes()
    assert hashlib.sha256(content).hexdigest() in (folder / "README.md").read_text()
    assert len(content) == 150_134
    assert content.startswith(
        b"month,day,scheduled_departure,carrier,departure_delay,arrival_delay\n1,1,360,UA,11,14\n"
    )


def test_flights_hold_a_year():
    flights = data.flights()
    assert flights.features.shape == (8109, 19)
    assert flights.features.dtype == flights.late.dtype == torch.float32
    assert len(flights.names) == 19
    assert flights.names[:7] == ("departure delay", "scheduled departure", "AA", "B6", "DL", "UA", "VX")
    assert (flights.names[7], flights.names[18]) == ("January", "December")
    assert flights.day.unique().tolist() == list(range(365))
    assert (flights.late.min(), flights.late.max()) == (-79, 1007)
    assert (flights.features[:, 0].min(), flights.features[:, 0].max()) == (-17, 1014)
    assert 5.9 < flights.features[:, 1].min() < flights.features[:, 1].max() < 20.5


def test_a_flight_has_one_airline_and_the_month_of_its_day():
    flights = data.flights()
    airline, month = flights.features[:, 2:7], flights.features[:, 7:]
    assert airline.sum(0).tolist() == [1398, 1020, 1848, 2441, 1402]
    assert (airline.sum(1) == 1).all()
    assert (month.sum(1) == 1).all()
    turn_of = {0: 0, 30: 0, 31: 1, 58: 1, 59: 2, 333: 10, 334: 11, 364: 11}  # day of the year: month
    for day, its_month in turn_of.items():
        assert (month[flights.day == day].argmax(1) == its_month).all()


def test_one_line_of_the_flights():
    flights = data.flights()
    first = flights.features[0]
    assert (flights.late[0], first[0], first[1], flights.day[0]) == (14, 11, 6, 0)
    assert first.nonzero()[:, 0].tolist() == [0, 1, 2 + 3, 7]  # UA, January


def test_late_flights_are_skewed_and_spread_by_season():
    flights = data.flights()
    x, y = flights.features.double(), flights.late.double()
    left = y - x @ torch.linalg.lstsq(x, y[:, None], driver="gelsd").solution[:, 0]
    assert 21 < left.std() < 22.5
    assert ((left / left.std()) ** 3).mean() > 0.7
    july, october = (left[flights.features[:, 7 + month] == 1].std() for month in (6, 9))
    assert july > 1.7 * october


def test_several_digits_are_composed_of_one_to_three_real_ones():
    images, labels = data.several_digits(4000, seed=0)
    assert images.shape == (4000, 8, 16)
    assert labels.shape == (4000, 10)
    assert images.dtype == labels.dtype == torch.float32
    assert (images.min(), images.max()) == (0, 1)
    assert labels.unique().tolist() == [0, 1]
    assert labels.sum(1).unique(return_counts=True)[0].tolist() == [1, 2, 3]
    assert (labels.sum(1).unique(return_counts=True)[1] / 4000 - 1 / 3).abs().max() < 0.04
    frequency = labels.mean(0)
    assert (frequency[1:] < frequency[:-1]).all()
    assert frequency[0] > 0.5
    assert 0.01 < frequency[9] < 0.04


def test_a_lone_digit_stands_whole_in_one_of_three_places():
    images, labels = data.several_digits(300, seed=0)
    bunch = load_digits()
    real = torch.tensor(bunch.images, dtype=torch.float32) / 16
    lone = labels.sum(1) == 1
    found = set()
    for image, label in zip(images[lone], labels[lone].argmax(1), strict=True):
        same = [
            (real[torch.tensor(bunch.target) == label] == image[:, at : at + 8]).all((1, 2)).any() for at in (0, 4, 8)
        ]
        assert sum(same) == 1
        found.add(same.index(True))
    assert found == {0, 1, 2}


def test_several_digits_keep_the_brighter_pixel_of_the_rows_they_may_use():
    rows = [0, 1, 2]  # a zero, a one and a two
    real = torch.tensor(load_digits().images, dtype=torch.float32)[rows] / 16
    images, labels = data.several_digits(50, seed=0, rows=rows, frequent=[0, 1, 2])
    assert not labels[:, 3:].any()
    for image, label in zip(images, labels, strict=True):
        present = label.nonzero()[:, 0].tolist()
        arranged = [
            torch.stack(
                [
                    torch.nn.functional.pad(real[kind], (4 * at, 8 - 4 * at))
                    for kind, at in zip(present, places, strict=True)
                ]
            )
            for places in itertools.permutations(range(3), len(present))
        ]
        assert any(torch.equal(image, whole.amax(0)) for whole in arranged)


def test_the_commonest_of_several_digits_can_be_chosen():
    frequency = data.several_digits(4000, seed=0, frequent=[3, 4, 5, 6, 7, 8, 9, 0, 1, 2])[1].mean(0)
    assert (frequency.argmax(), frequency.argmin()) == (3, 2)


def test_several_digits_depend_on_their_seed_alone():
    state = torch.get_rng_state()
    first, again, other = (data.several_digits(20, seed=seed)[0] for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)


def test_split_keeps_every_row_once_with_its_target():
    x, y = torch.arange(20.0)[:, None], torch.arange(20.0)
    parts = data.split(x, y, seed=0)
    assert (len(parts.x_train), len(parts.x_test)) == (14, 6)
    assert sorted(torch.cat([parts.y_train, parts.y_test]).tolist()) == y.tolist()
    assert torch.equal(parts.x_train[:, 0], parts.y_train)
    assert torch.equal(parts.x_test[:, 0], parts.y_test)


def test_split_depends_on_the_seed_alone():
    x, y = data.diabetes()
    torch.manual_seed(1)
    first = data.split(x, y, seed=0)
    torch.manual_seed(2)
    assert torch.equal(first.y_test, data.split(x, y, seed=0).y_test)
    assert not torch.equal(first.y_test, data.split(x, y, seed=1).y_test)
    assert len(data.split(x, y, seed=0, test_share=0.5).y_test) == 221
    assert not torch.equal(torch.cat([first.y_test, first.y_train]), y)


def test_split_leaves_the_global_generator_alone():
    x, y = data.diabetes()
    torch.manual_seed(7)
    before = torch.get_rng_state()
    data.split(x, y, seed=0)
    assert torch.equal(torch.get_rng_state(), before)


def test_an_experiment_has_its_results_with_seeds_versions_and_date():
    assert {"about", "seeds", "versions", "date"} <= set(data.experiment("where_to_bend"))


def test_strips_hold_what_they_say():
    strips = data.digit_strips(40, seed=0)
    count, _, widest = strips.images.shape
    assert (count, strips.images.shape[1], strips.digits.shape) == (40, 8, (40, 6))
    assert strips.widths.max() == widest
    assert set(strips.lengths.tolist()) == {3, 4, 5, 6}
    assert strips.images.min() == 0
    assert strips.images.max() == 1
    for n in range(count):
        length, width = strips.lengths[n], strips.widths[n]
        assert not strips.images[n, :, width:].any()
        assert not strips.images[n, :, :2].any()
        assert not strips.images[n, :, width - 2 : width].any()
        for part in (strips.digits[n], strips.first[n], strips.last[n]):
            assert (part[:length] >= 0).all()
            assert (part[length:] == -1).all()
        assert strips.first[n, 0] == 2
        assert strips.last[n, length - 1] == width - 3
        gaps = strips.first[n, 1:length] - strips.last[n, : length - 1] - 1
        assert gaps.min() >= -1
        assert gaps.max() <= 3


def test_a_strip_shows_the_digits_of_the_set():
    images, targets = data._digits()
    rows = [5, 213, 213]
    strip = data.strip_of(rows, [2, -1])
    assert strip.digits.tolist() == [targets[rows].tolist()] == [[5, 3, 3]]
    for k, row in enumerate(rows):
        inked = images[row][:, images[row].any(0)]
        part = strip.images[0, :, strip.first[0, k] : strip.last[0, k] + 1]
        assert part.shape == inked.shape
        assert (part >= inked).all()
        inside = slice(0, -1) if k == 1 else slice(1, None) if k == 2 else slice(None)
        assert torch.equal(part[:, inside], inked[:, inside])
    assert strip.first[0, 1] - strip.last[0, 0] == 3
    assert strip.first[0, 2] == strip.last[0, 1]


def test_strips_depend_on_the_seed_alone():
    torch.manual_seed(7)
    before = torch.get_rng_state()
    first, again, other = (data.digit_strips(20, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first.images, again.images)
    assert first.images.shape != other.images.shape or not torch.equal(first.images, other.images)


def test_held_back_strips_are_made_of_other_digits(monkeypatch):
    used = {True: set(), False: set()}
    compose = data.strip_of
    for held_back, rows_used in used.items():

        def note(rows, gaps, into=rows_used):
            into.update(rows)
            return compose(rows, gaps)

        monkeypatch.setattr(data, "strip_of", note)
        data.digit_strips(400, seed=0, held_back=held_back)
    assert used[True].isdisjoint(used[False])
    assert set(data.DOUBTFUL_DIGITS) <= used[True]
    assert len(used[False]) > 900


def test_digits_in_noise_are_real_ones_in_a_field():
    pictures, ink = data.digits_in_noise(400, seed=0)
    assert pictures.shape == ink.shape == (400, 1, 24, 24)
    assert pictures.dtype == ink.dtype == torch.float32
    assert ink.unique().tolist() == [0, 1]
    masks = {
        tuple(mask.nonzero().sub(mask.nonzero().min(0).values).flatten().tolist())
        for mask in torch.tensor(load_digits().images / 16, dtype=torch.float32) > 0.6
    }
    for mask in ink[:, 0]:
        places = mask.nonzero()
        assert not len(places) or tuple((places - places.min(0).values).flatten().tolist()) in masks
    assert 0.15 < (ink.flatten(1).sum(1) == 0).float().mean() < 0.25
    blank = pictures[ink.flatten(1).sum(1) == 0]
    assert abs(blank.mean() - 0.02) < 0.01  # noise around 0, and one pixel in fifty brighter by 1
    assert abs((blank - blank.mean()).square().mean() - (0.35**2 + 0.02 * 0.98)) < 0.01


def test_digits_in_noise_use_the_rows_they_may():
    _, ink = data.digits_in_noise(60, seed=1, rows=[0])
    only = (torch.tensor(load_digits().images[0] / 16, dtype=torch.float32) > 0.6).sum()
    assert ink.flatten(1).sum(1).unique().tolist() == [0, only]


def test_digits_in_noise_depend_on_their_seed_alone():
    state = torch.get_rng_state()
    first, again, other = (data.digits_in_noise(5, seed=seed)[0] for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)
