"""What a page shows as recorded can be had again: one split of each experiment, run anew."""

import json

import pytest
import torch

import lossbook
from book.experiments import (
    bend_softly,
    classify_digits,
    denoise_digits,
    distil_digits,
    focal_for_rare,
    halves_of_digits,
    ink_in_noise,
    large_vocabulary,
    names_elsewhere,
    next_character,
    order_from_pairs,
    ranges_for_nine_in_ten,
    read_strips,
    several_labels,
    variance_head,
    weigh_or_move,
    where_to_bend,
    which_triplets,
)
from lossbook.catalog import CATALOG
from lossbook.teach import data

RECORDED = json.loads(where_to_bend.RECORD.read_text())
DENOISED = json.loads(denoise_digits.RECORD.read_text())
HEADS = json.loads(variance_head.RECORD.read_text())
WEIGHED = json.loads(weigh_or_move.RECORD.read_text())
CLASSIFIED = json.loads(classify_digits.RECORD.read_text())
DISTILLED = json.loads(distil_digits.RECORD.read_text())
READ = json.loads(read_strips.RECORD.read_text())
NEXT = json.loads(next_character.RECORD.read_text())
NAMED = json.loads(names_elsewhere.RECORD.read_text())
LARGE = json.loads(large_vocabulary.RECORD.read_text())
LABELLED = json.loads(several_labels.RECORD.read_text())
ORDERED = json.loads(order_from_pairs.RECORD.read_text())
TRIPLETS = json.loads(which_triplets.RECORD.read_text())
RANGES = json.loads(ranges_for_nine_in_ten.RECORD.read_text())
BENT = json.loads(bend_softly.RECORD.read_text())
RARE = json.loads(focal_for_rare.RECORD.read_text())
MARKED = json.loads(ink_in_noise.RECORD.read_text())
HALVES = json.loads(halves_of_digits.RECORD.read_text())


def close(found: dict[str, dict[str, float]], recorded: dict[str, dict[str, float]]) -> bool:
    """Whether every fit of a split has its recorded metrics again."""
    return found.keys() == recorded.keys() and all(
        found[fit] == pytest.approx(recorded[fit], rel=1e-3, abs=1e-3) for fit in found
    )


@pytest.mark.slow
@pytest.mark.parametrize("share", where_to_bend.SHARES)
def test_a_planted_split_is_as_recorded(share):
    assert close(where_to_bend.planted(share, seed=0), RECORDED["planted"][f"{share:g}"][0])


def test_a_real_split_is_as_recorded():
    assert close(where_to_bend.real(seed=0), RECORDED["real"][0])


def test_a_bent_record_is_seen():
    bent = json.loads(json.dumps(RECORDED["real"][0]))
    bent["mse"]["rmse"] *= 1.01
    assert not close(where_to_bend.real(seed=0), bent)


def test_the_record_is_whole():
    runs = [*RECORDED["planted"].values(), RECORDED["real"]]
    assert [len(splits) for splits in runs] == [len(where_to_bend.SEEDS)] * len(runs)
    assert RECORDED["bends"] == list(where_to_bend.BENDS)


@pytest.mark.slow
@pytest.mark.parametrize("noise", denoise_digits.NOISES)
def test_a_denoising_is_as_recorded(noise):
    found = denoise_digits.run(noise, clean_target=False, rate=denoise_digits.RATES[1], seed=0)
    recorded = DENOISED["runs"][f"{noise}, noisy target"][f"{denoise_digits.RATES[1]:g}"][0]
    for name, metrics in recorded.items():  # another CPU rounds otherwise, and a long training spreads it
        assert found[name] == pytest.approx(metrics, rel=0.03, abs=0.003), name


@pytest.mark.parametrize(("noise", "statistic"), [("specks", "median"), ("photons", "mean")])
def test_a_noise_keeps_one_statistic_and_moves_the_other(noise, statistic):
    clean = torch.tensor([0.0, 0.25, 0.5, 1.0]).expand(20_000, 4)
    noisy = denoise_digits.NOISES[noise](clean, torch.Generator().manual_seed(0))
    right = {"mean": noisy.mean(0), "median": noisy.median(0).values}
    off = {name: (value - clean[0]).abs().max().item() for name, value in right.items()}
    assert off.pop(statistic) < 0.02
    assert off.popitem()[1] > 0.2


def test_the_shown_digits_are_in_no_part():
    for seed in denoise_digits.SEEDS:
        train, held_back = denoise_digits.parts(seed)
        used = {*train.tolist(), *held_back.tolist()}
        assert len(used) == len(train) + len(held_back) == 1797 - len(denoise_digits.SHOWN)
        assert used.isdisjoint(denoise_digits.SHOWN)


def test_the_record_of_denoising_is_whole():
    rates = [f"{rate:g}" for rate in denoise_digits.RATES]
    assert len(DENOISED["runs"]) == 2 * len(denoise_digits.NOISES)
    for runs in DENOISED["runs"].values():
        assert list(runs) == rates
        assert all(len(splits) == len(denoise_digits.SEEDS) for splits in runs.values())
    assert (DENOISED["specks"], DENOISED["photons"]) == (denoise_digits.SPECKS, denoise_digits.PHOTONS)


@pytest.mark.slow
@pytest.mark.parametrize("remedy", variance_head.REMEDIES)
def test_a_memorised_training_is_as_recorded(remedy):
    found = variance_head.memorised(remedy, seed=0)
    for epoch in variance_head.CHECKPOINTS[:5]:  # later on, a rounding has grown into a difference
        for rows, metrics in HEADS["memorised"][remedy][0][str(epoch)].items():
            assert found[str(epoch)][rows] == pytest.approx(metrics, rel=0.02, abs=0.002), (epoch, rows)


@pytest.mark.slow
@pytest.mark.parametrize("units", variance_head.UNITS)
def test_a_starved_training_is_as_recorded(units):
    assert variance_head.starved("nll", units, seed=0) == pytest.approx(HEADS["starved"][units]["nll"][0], rel=0.01)


def test_the_record_of_variance_heads_is_whole():
    runs = [*HEADS["memorised"].values(), *(run for units in HEADS["starved"].values() for run in units.values())]
    assert [len(seeds) for seeds in runs] == [len(variance_head.SEEDS)] * len(runs)
    assert HEADS["checkpoints"] == list(variance_head.CHECKPOINTS)
    assert set(HEADS["memorised"]) == set(variance_head.REMEDIES)
    assert {*HEADS["starved"]["own"], "floor"} == set(variance_head.REMEDIES)


@pytest.mark.parametrize("rows", weigh_or_move.SETS)
def test_a_split_of_weighing_is_as_recorded(rows):
    found = weigh_or_move.run(rows, "linear", seed=0)
    recorded = WEIGHED["runs"][f"{rows}, linear"][0]
    assert found.keys() == recorded.keys()
    for name, metrics in recorded.items():  # a row at the threshold may fall to its other side on another CPU
        assert found[name] == pytest.approx(metrics, rel=0.02, abs=1e-3), name


@pytest.mark.parametrize("rows", weigh_or_move.SETS)
def test_no_row_is_trained_on_and_held_back(rows):
    split = weigh_or_move.SETS[rows](seed=3)
    assert len(split.x_train) + len(split.x_test) == {"heavy years": 20190, "tumours": 569}[rows]
    assert split.x_train.mean(0).abs().max() < 1e-4
    share = torch.cat([split.y_train, split.y_test]).mean()
    assert 0.05 < share < 0.4


def test_shifting_back_moves_the_scores_alone():
    y = torch.tensor([1.0, 0.0, 0.0, 1.0]).double()
    score = torch.tensor([4.0, 2.0, -1.0, 1.0]).double()
    there, back = (weigh_or_move.metrics(x, y) for x in (score, score - torch.tensor(20.0).log()))
    assert there["auc"] == back["auc"]
    assert there["at half"] == pytest.approx(back["moved"])
    assert there["at half"] == pytest.approx(100 * 1 / 4)  # one false alarm
    assert back["at half"] == pytest.approx(100 * 20 / 4)  # one missed


def test_the_record_of_weighing_is_whole():
    assert list(WEIGHED["runs"]) == sorted(
        f"{rows}, {kind}" for rows in weigh_or_move.SETS for kind in weigh_or_move.MODELS
    )
    assert all(len(splits) == len(weigh_or_move.SEEDS) for splits in WEIGHED["runs"].values())
    assert WEIGHED["weight"] == weigh_or_move.WEIGHT


@pytest.mark.slow
@pytest.mark.parametrize("criterion", classify_digits.CRITERIA)
def test_a_classification_is_as_recorded(criterion):
    found = classify_digits.run(criterion, rate=0.003, seed=0)
    recorded = CLASSIFIED["runs"][criterion]["0.003"][0]
    assert found.keys() == recorded.keys()
    for name in ("right", "sure", "total", "found 8"):  # another CPU rounds otherwise, and training spreads it
        assert found[name] == pytest.approx(recorded[name], abs=0.03), name


@pytest.mark.parametrize("criterion", classify_digits.CRITERIA)
def test_a_criterion_falls_where_the_truth_leads(criterion):
    digit = torch.tensor([3, 8])
    scores = torch.stack([lead * torch.eye(10)[digit] for lead in (0.0, 1.0, 2.0)])
    losses = torch.stack([classify_digits.CRITERIA[criterion](score, digit) for score in scores])
    assert (losses.diff() < 0).all()


def test_the_record_of_classification_is_whole():
    assert list(CLASSIFIED["runs"]) == sorted(classify_digits.CRITERIA)
    for runs in CLASSIFIED["runs"].values():
        assert set(runs) == {f"{rate:g}" for rate in classify_digits.RATES}
        assert all(len(splits) == len(classify_digits.SEEDS) for splits in runs.values())


def test_the_hard_digits_are_in_no_part():
    rows, held_back = classify_digits.parts(0)
    used = {*rows.tolist(), *held_back.tolist()}
    assert len(used) == len(rows) + len(held_back) == 1797 - len(classify_digits.SHOWN)
    assert used.isdisjoint(classify_digits.SHOWN)


@pytest.mark.slow
def test_a_distillation_is_as_recorded():
    found, recorded = distil_digits.run(seed=0), DISTILLED["runs"][0]
    assert found.keys() == recorded.keys()
    for size, judged in recorded.items():
        assert found[size].keys() == judged.keys()
        for name, metrics in judged.items():  # another CPU rounds otherwise, and a long training spreads it
            assert found[size][name]["accuracy"] == pytest.approx(metrics["accuracy"], abs=2.5), (size, name)
            assert found[size][name]["surprise"] == pytest.approx(metrics["surprise"], rel=0.15), (size, name)


def test_the_teacher_and_its_students_never_saw_the_shown_or_the_held_back_digits():
    for seed in distil_digits.SEEDS:
        train, held_back = distil_digits.parts(seed)
        used = {*train.tolist(), *held_back.tolist()}
        assert len(used) == len(train) + len(held_back) == 1797 - len(distil_digits.SHOWN)
        assert used.isdisjoint(distil_digits.SHOWN)


def test_the_record_of_distilling_is_whole():
    sizes = {str(size) for size in distil_digits.SIZES}
    assert len(DISTILLED["runs"]) == len(distil_digits.SEEDS)
    assert all(set(run) == sizes for run in DISTILLED["runs"])
    assert all(set(judged) == {"teacher", *distil_digits.WAYS} for run in DISTILLED["runs"] for judged in run.values())
    assert DISTILLED["shown"] == list(distil_digits.SHOWN)


def test_a_student_that_copies_the_scores_costs_nothing_but_the_labels():
    scores = 3 * torch.randn(5, 10, generator=torch.Generator().manual_seed(0))
    costs = distil_digits.costs(scores, scores.argmax(1), scores)
    assert all(abs(costs[f"T = {t:g}"].item()) < 1e-5 for t in distil_digits.TEMPERATURES)
    torch.testing.assert_close(costs["both"], costs["hard"] / 2)
    torch.testing.assert_close(costs["both without T²"], costs["hard"] / 2)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "way"), [(kind, way) for kind, ways in read_strips.WAYS.items() for way in ways])
def test_a_reading_of_strips_is_as_recorded(kind, way):
    found, recorded = read_strips.run(kind, way, 0), READ["runs"][kind][way][0]
    # Another CPU rounds otherwise, and the training spreads it.
    assert found["error"] == pytest.approx(recorded["error"], rel=0.3, abs=0.01)
    assert found["blank"] == pytest.approx(recorded["blank"], abs=0.05)
    assert found["zeros"] == pytest.approx(recorded["zeros"], abs=20)


def test_the_record_of_strips_is_whole():
    assert {kind: sorted(ways) for kind, ways in READ["runs"].items()} == {
        kind: sorted(ways) for kind, ways in read_strips.WAYS.items()
    }
    runs = [seeds for ways in READ["runs"].values() for seeds in ways.values()]
    assert all(len(seeds) == len(read_strips.SEEDS) == len(READ["seeds"]) for seeds in runs)
    assert (READ["strips"], READ["held_back"]) == (read_strips.STRIPS, read_strips.HELD_BACK)
    assert (READ["epochs"], READ["widest_gaps"]) == (read_strips.EPOCHS, read_strips.WIDEST_GAPS)


def test_edits_are_counted():
    for said, true, count in (([], [], 0), ([], [1, 2], 2), ([1, 2, 3], [1, 3], 1), ([9, 3, 3, 4], [5, 3, 3, 1, 4], 2)):
        assert read_strips.edits(said, true) == read_strips.edits(true, said) == count


@pytest.mark.parametrize("way", ["even", "marked"])
def test_frames_with_a_given_time_read_the_label(way):
    """Each digit in its own frames, the first of them blank: so repeats stay apart."""
    strip = data.strip_of([5, 143, 193, 1500], [2, -1, 1])
    count = read_strips.frames_of(strip).item()
    symbols = read_strips.timed(strip, way)[0]
    assert len(symbols) == count
    runs = symbols.unique_consecutive()
    assert (runs[runs > 0] - 1).tolist() == strip.digits[0].tolist()
    if way == "marked":
        for digit, first, last in zip(strip.digits[0], strip.first[0], strip.last[0], strict=True):
            inside = symbols[first // 2 + 1 : last // 2 + 1]
            assert (inside == digit + 1).float().mean() > 0.6


def test_padding_frames_have_no_symbol():
    strips = data.digit_strips(20, seed=0)
    symbols = read_strips.timed(strips, "marked")
    beyond = torch.arange(symbols.shape[1]) >= read_strips.frames_of(strips)[:, None]
    assert (symbols[beyond] == -100).all()
    assert symbols[~beyond].min() == 0


@pytest.mark.slow
def test_the_first_epoch_of_a_reader_is_as_recorded():
    found = next_character.run(seed=0, epochs=1)["curve"]  # another CPU rounds otherwise
    assert found == pytest.approx(NEXT["runs"][0]["curve"][:1], rel=0.03)


def test_the_record_of_readers_is_whole():
    assert len(NEXT["runs"]) == len(NEXT["seeds"]) == len(next_character.SEEDS)
    verses = "\n".join(next_character.parts()[1].split("\n")[: next_character.SHOWN])
    for run in NEXT["runs"]:
        assert len(run["curve"]) == NEXT["epochs"] == next_character.EPOCHS
        assert len(run["shown"]) == len(verses)
        assert min(run["shown"]) >= 0


def test_what_is_held_back_is_not_trained_on():
    train, held_back = next_character.parts()
    assert held_back + "\n\n" + train == next_character.data.king_james()
    assert held_back.startswith("In the beginning")
    assert held_back not in train


def test_the_bits_of_a_reader_are_of_each_character_after_those_before_it():
    text = next_character.numbers("And God said")
    model = next_character.Reader(len(set(next_character.data.king_james())))
    found = next_character.bits(model, text)
    changed = next_character.bits(model, torch.cat([text[:-1], text[:1]]))
    assert found.shape == text.shape
    torch.testing.assert_close(found[:-1], changed[:-1])
    assert found[-1] != changed[-1]


@pytest.mark.slow
@pytest.mark.parametrize("way", large_vocabulary.WAYS)
def test_a_vocabulary_is_as_recorded(way):
    assert large_vocabulary.train(way, seed=0) == pytest.approx(LARGE["words"][way][0], rel=0.01)


def test_peaks_are_as_recorded():
    size = large_vocabulary.CLASSES[0]
    assert large_vocabulary.peaks(size) == pytest.approx(LARGE["peaks"][str(size)], rel=0.05)


def test_the_record_of_a_large_vocabulary_is_whole():
    for measured in (LARGE["peaks"], LARGE["seconds"]):
        assert set(measured) == {str(size) for size in large_vocabulary.CLASSES}
        assert all(set(forms) == set(large_vocabulary.FORMS) for forms in measured.values())
    assert {way: len(found) for way, found in LARGE["words"].items()} == dict.fromkeys(large_vocabulary.WAYS, 5)


def test_all_forms_of_a_large_vocabulary_are_one_loss():
    first, *others = [step() for step in large_vocabulary.steps(64).values()]
    for other in others:
        torch.testing.assert_close(other, first, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_a_split_of_several_labels_is_as_recorded():
    found, recorded = several_labels.run(seed=0), LABELLED["runs"][0]
    assert found["frequency"] == pytest.approx(recorded["frequency"], rel=1e-5)
    assert found["silent"] == pytest.approx(recorded["silent"], rel=1e-5)
    for loss in several_labels.LOSSES:
        for rule in several_labels.RULES:  # another CPU rounds otherwise, and a long training spreads it
            assert found[loss][rule] == pytest.approx(recorded[loss][rule], rel=0.05, abs=0.03), (loss, rule)
        assert found[loss]["average precision"] == pytest.approx(recorded[loss]["average precision"], abs=0.03)


def test_the_thresholds_are_the_best():
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(200, generator=generator)
    labels = (scores + torch.randn(200, generator=generator) > 0.5).float()
    tried = torch.linspace(-3, 3, 4001)
    says = scores[None] > tried[:, None]
    hits, said = (says * labels).sum(1), says.sum(1)
    f1 = 2 * hits / (said + labels.sum())
    cost = (said - hits) + several_labels.MISSED * (labels.sum() - hits)
    for threshold, judged in ((several_labels.best_threshold, -f1), (several_labels.cheapest_threshold, cost)):
        at = scores > threshold(scores, labels)
        place = (says == at).all(1).nonzero()[0, 0]
        assert judged[place] == judged.min()


def test_the_lists_of_the_margin_hold_the_labels():
    labels = torch.tensor([[1, 0, 1, 0], [0, 0, 0, 0], [1, 1, 1, 1]])
    assert several_labels.listed(labels).tolist() == [[2, 0, -1, -1], [-1] * 4, [3, 2, 1, 0]]


def test_each_digit_is_once_the_rarest():
    assert len(several_labels.SEEDS) % 10 == 0
    for seed in (0, 7):
        (_, train), *_ = several_labels.parts(seed)
        assert train.mean(0).argmax() == seed
        assert train.mean(0).argmin() == (9 + seed) % 10


def test_the_record_of_several_labels_is_whole():
    assert len(LABELLED["runs"]) == len(several_labels.SEEDS)
    assert (LABELLED["missed"], LABELLED["few"]) == (several_labels.MISSED, several_labels.FEW)
    for run in LABELLED["runs"]:
        assert {"frequency", "silent", *several_labels.LOSSES} == set(run)
        assert all(set(several_labels.RULES) < set(run[loss]) for loss in several_labels.LOSSES)


def test_few_comparisons_order_as_recorded():
    found = order_from_pairs.budget(seed=0, budgets=(0.25, 1))
    for name, metrics in found.items():  # another CPU may turn a pair of nearly equal scores around
        assert metrics == pytest.approx(ORDERED["budget"][0][name], abs=3e-3), name


@pytest.mark.slow
def test_all_comparisons_order_as_recorded():
    found = order_from_pairs.budget(seed=0, budgets=(None,))
    assert found["margin all"] == pytest.approx(ORDERED["budget"][0]["margin all"], abs=3e-3)


def test_raters_order_as_recorded():
    found = order_from_pairs.raters(seed=0)
    assert found.keys() == ORDERED["raters"][0].keys()
    for name, metrics in found.items():
        assert metrics == pytest.approx(ORDERED["raters"][0][name], abs=3e-3), name


def test_the_metrics_of_an_order():
    amount = torch.tensor([1.0, 2.0, 3.0, 3.0])
    assert [len(side) for side in order_from_pairs.pairs(amount)] == [5, 5]
    assert order_from_pairs.metrics(torch.tensor([1.0, 3.0, 2.0, 4.0]), amount)["right"] == 0.8
    backwards = order_from_pairs.metrics(-torch.arange(5.0), torch.arange(5.0))
    assert backwards == pytest.approx({"right": 0.0, "tau": -1.0, "spearman": -1.0})


def test_the_record_of_orders_is_whole():
    fits = {"amounts"} | {f"{loss} {each}" for loss in order_from_pairs.FITS for each in ORDERED["budgets"]}
    assert len(ORDERED["budget"]) == len(ORDERED["raters"]) == len(order_from_pairs.SEEDS)
    assert all(run.keys() == fits for run in ORDERED["budget"])
    assert ORDERED["apart"] == list(order_from_pairs.APART)


def test_raw_pixels_retrieve_as_recorded():
    for setting, ways in TRIPLETS["runs"].items():
        for found, recorded in zip(which_triplets.raw(setting), ways["raw pixels"], strict=True):
            assert found == pytest.approx(recorded, abs=1e-4), setting


@pytest.mark.slow
def test_embeddings_retrieve_as_recorded():
    for found, recorded in zip(
        which_triplets.run("16, unit length", "semi-hard"),
        TRIPLETS["runs"]["16, unit length"]["semi-hard"],
        strict=True,
    ):  # another CPU rounds otherwise, and a training spreads it
        assert found == pytest.approx(recorded, abs=0.02)


def test_the_miners_choose_what_they_say():
    generator = torch.Generator().manual_seed(0)
    kind = torch.arange(5).repeat(2, 4)
    distance = torch.cdist(*2 * [torch.randn(2, 20, 3, generator=generator)])
    near, far = {}, {}
    for miner in which_triplets.MINERS:
        positive, negative = which_triplets.pick(miner, distance, kind, 0.5, generator)
        assert (kind.gather(1, positive) == kind).all()
        assert (kind.gather(1, negative) != kind).all()
        assert (positive != torch.arange(20)).all()
        near[miner], far[miner] = (distance.gather(2, place[:, :, None]) for place in (positive, negative))
    assert (near["batch-hard"] >= near["random"]).all()
    assert (far["batch-hard"] <= far["random"]).all()
    in_band = (far["semi-hard"] > near["semi-hard"]) & (far["semi-hard"] < near["semi-hard"] + 0.5)
    assert in_band.double().mean() > 0.5


def test_the_record_of_triplets_is_whole():
    assert {name: set(ways) for name, ways in TRIPLETS["runs"].items()} == {
        name: {*ways, "raw pixels"} for name, ways in which_triplets.WAYS.items()
    }
    runs = [found for ways in TRIPLETS["runs"].values() for found in ways.values()]
    assert {len(found) for found in [*runs, *TRIPLETS["rates"].values()]} == {len(which_triplets.SEEDS)}
    assert TRIPLETS["rates"].keys() == {f"{rate:g}" for rate in which_triplets.HIGHER}


def test_the_names_elsewhere_were_compared_with_these_numbers_of_torch():
    assert names_elsewhere.torchs() == pytest.approx(NAMED["torch"])
    assert {entry["loss"] for entry in NAMED["entries"]} == set(NAMED["torch"])
    assert {entry["loss"].partition(", ")[0] for entry in NAMED["entries"]} <= set(CATALOG)


def test_the_metrics_of_scikit_learn_are_as_recorded():
    recorded = [entry for entry in NAMED["entries"] if entry["library"] == "scikit-learn"]
    found = names_elsewhere.scikit_learns()
    for entry, (loss, name) in zip(recorded, found, strict=True):
        assert (entry["loss"], entry["name"], entry["difference"]) == (loss, name.name, name.difference)
        assert float(name.theirs()) == pytest.approx(entry["value"])
        assert name.to_torch(entry["value"]) == pytest.approx(NAMED["torch"][loss])


@pytest.mark.slow
def test_ranges_are_as_recorded():
    found = ranges_for_nine_in_ten.run("tumours")
    for way, splits in RANGES["runs"]["tumours"].items():  # another CPU rounds otherwise, and training spreads it
        for one, recorded in zip(found[way], splits, strict=True):
            assert one["ends"] == pytest.approx(recorded["ends"], rel=0.05), way
            assert one["covered"] == pytest.approx(recorded["covered"], abs=0.03), way


def test_the_metrics_of_a_range():
    y = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    low, high = torch.full((6,), 1.5), torch.tensor([4.5, 4.5, 4.5, 4.5, 4.5, 1.0])
    found = ranges_for_nine_in_ten.metrics(low, high, y, size=y)
    assert (found["covered"], found["covered, small"], found["covered, large"]) == (0.5, 0.5, 0.0)
    assert found["crossed"] == pytest.approx(1 / 6)
    assert found["width"] == pytest.approx((5 * 3 - 0.5) / 6)


def test_the_record_of_ranges_is_whole():
    assert RANGES["runs"].keys() == ranges_for_nine_in_ten.SETS.keys()
    for ways in RANGES["runs"].values():
        assert set(ways) == set(ranges_for_nine_in_ten.OUTPUTS)
        assert all(len(splits) == len(ranges_for_nine_in_ten.SEEDS) for splits in ways.values())


def test_a_soft_bend_is_as_recorded():
    for rows, found in (("tumours", bend_softly.tumours(0)), ("diabetes, 15% spoilt", bend_softly.planted(0.15, 0))):
        assert close(found, {name: splits[0] for name, splits in BENT["runs"][rows].items()})


def test_the_record_of_soft_bends_is_whole():
    assert len(BENT["runs"]) == 1 + len(bend_softly.SHARES)
    for ways in BENT["runs"].values():
        assert set(ways) == {"mse", "huber", "log-cosh"}
        assert all(len(splits) == len(bend_softly.SEEDS) for splits in ways.values())


@pytest.mark.slow
@pytest.mark.parametrize("rows", focal_for_rare.SETS)
def test_focal_loss_for_what_is_rare_is_as_recorded(rows):
    for name, found in focal_for_rare.run(rows, 0, ("bce", "focal 2")).items():
        recorded = RARE["runs"][rows][name][0]  # another CPU rounds otherwise, and training spreads it
        assert found.keys() == recorded.keys()
        assert found["surprise"] == pytest.approx(recorded["surprise"], rel=0.1)
        assert found["average precision"] == pytest.approx(recorded["average precision"], abs=0.05)


@pytest.mark.parametrize("gamma", focal_for_rare.GAMMAS)
def test_what_focal_loss_says_is_taken_back(gamma):
    share = torch.tensor([0.01, 0.2, 0.5, 0.9], dtype=torch.float64)
    said = torch.linspace(1e-4, 1 - 1e-4, 100_001, dtype=torch.float64)
    score, ones = said.logit(), torch.ones_like(said)
    yes, no = (lossbook.focal_loss(score, target, gamma=gamma, reduction="none") for target in (ones, 0 * ones))
    rests = said[(share[:, None] * yes + (1 - share[:, None]) * no).argmin(1)]
    torch.testing.assert_close(focal_for_rare.taken_back(rests, gamma), share, rtol=0.02, atol=0)


def test_the_threshold_of_what_is_rare_is_the_best():
    generator = torch.Generator().manual_seed(0)
    score = torch.randn(200, generator=generator).double()
    y = (score + torch.randn(200, generator=generator) > 1).double()
    weight = torch.where(y == 1, 0.5, 1.0).double()
    cut = focal_for_rare.threshold(score, y, weight)
    best = focal_for_rare.f1((score > cut).double(), y, weight)
    assert all(focal_for_rare.f1((score > at).double(), y, weight) <= best + 1e-12 for at in score)


def test_the_record_of_what_is_rare_is_whole():
    assert RARE["runs"].keys() == focal_for_rare.SETS.keys()
    for ways in RARE["runs"].values():
        assert set(ways) == set(focal_for_rare.criteria(torch.tensor([0.0, 1.0])))
        assert all(len(splits) == len(focal_for_rare.SEEDS) for splits in ways.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cross-entropy", "both"])
def test_ink_is_marked_as_recorded(name):
    found, recorded = ink_in_noise.run(name, 0), MARKED["runs"]["ink"][name][0]
    assert found["dice"] == pytest.approx(recorded["dice"], abs=0.04)  # another CPU rounds otherwise
    assert found["surprise"] == pytest.approx(recorded["surprise"], rel=0.2)


def test_the_dice_score_is_of_pictures_with_ink():
    ink = torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    says = torch.tensor([[1.0, 0.0, 1.0], [1.0, 1.0, 1.0], [1.0, 0.0, 0.0]])
    assert ink_in_noise.dice_score(says, ink) == pytest.approx((0.5 + 1) / 2)


def test_no_digit_with_ink_is_trained_on_and_judged_by():
    (noisy, ink), (noisy_new, _) = ink_in_noise.parts(4)
    assert len(noisy) == len(ink) == ink_in_noise.TRAIN
    assert len(noisy_new) == ink_in_noise.TEST
    assert not torch.equal(noisy[: len(noisy_new)], noisy_new)


def test_the_record_of_ink_is_whole():
    assert set(MARKED["runs"]["ink"]) == set(ink_in_noise.LOSSES)
    assert all(len(runs) == len(ink_in_noise.SEEDS) for runs in MARKED["runs"]["ink"].values())


@pytest.mark.slow
def test_halves_are_found_as_recorded():
    found = halves_of_digits.run("temperature 0.1", HALVES["rates"]["temperature 0.1"], seed=0)
    assert found == pytest.approx(HALVES["runs"]["halves"]["temperature 0.1"][0], abs=0.05)


def test_halves_that_belong_together_cost_least():
    generator = torch.Generator().manual_seed(0)
    left = torch.randn(50, 32, generator=generator)
    for way in halves_of_digits.WAYS:
        assert halves_of_digits.cost(way, left, left) < halves_of_digits.cost(way, left, left.roll(7, 0)), way


def test_the_record_of_halves_is_whole():
    assert set(HALVES["runs"]["halves"]) == set(halves_of_digits.WAYS) == set(HALVES["rates"])
    assert all(len(runs) == len(halves_of_digits.SEEDS) for runs in HALVES["runs"]["halves"].values())
