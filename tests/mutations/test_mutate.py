import ast

from tests.mutations.mutate import drawn, mutations

SAMPLE = '''"""Text of 3 words."""


@lru_cache(maxsize=64)
def few(number: Literal[1] = 1) -> Literal[2]:
    """Not 5."""
    if not number or 0 <= number < 2.5:
        return -number
    number += 4 % 3
    while number > 7 and "é" in "né":
        raise ValueError(f"{number + 1}")
    kept = [n for n in (1, 2) if n]
    return few(kept)
'''


def faults(source: str) -> list[str]:
    return [f"{mutation.before} -> {mutation.after}" for mutation in mutations("few", source)]


def test_a_fault_fits_into_every_comparison_calculation_constant_condition_and_return() -> None:
    body = SAMPLE.partition("def few")[2]
    assert faults("def few" + body) == [
        "1 -> 2",
        "not number or 0 <= number < 2.5 -> not (not number or 0 <= number < 2.5)",
        "not number or 0 <= number < 2.5 -> not number and 0 <= number < 2.5",
        "not number -> number",
        "0 <= number < 2.5 -> 0 < number < 2.5",
        "0 <= number < 2.5 -> 0 <= number <= 2.5",
        "0 -> 1",
        "2.5 -> 2.51",
        "return -number -> -number",
        "-number -> number",
        "number += 4 % 3 -> number -= 4 % 3",
        "4 % 3 -> 4 // 3",
        "4 -> 5",
        "3 -> 4",
        "number > 7 and 'é' in 'né' -> not (number > 7 and 'é' in 'né')",
        "number > 7 and 'é' in 'né' -> number > 7 or 'é' in 'né'",
        "number > 7 -> number >= 7",
        "7 -> 8",
        "'é' in 'né' -> 'é' not in 'né'",
        "n -> not n",
        "1 -> 2",
        "2 -> 3",
        "return few(kept) -> few(kept)",
    ]


def test_decorators_types_and_messages_are_left_alone() -> None:
    texts = {mutation.source for mutation in mutations("few", SAMPLE)}
    assert all("@lru_cache(maxsize=64)" in text for text in texts)
    assert all("(number: Literal[1] = " in text and ") -> Literal[2]:" in text for text in texts)
    assert all('raise ValueError(f"{number + 1}")' in text for text in texts)
    assert all(ast.get_docstring(ast.parse(text)) == "Text of 3 words." for text in texts)


def test_a_fault_changes_its_place_and_nothing_else() -> None:
    [fault] = [mutation for mutation in mutations("few", SAMPLE) if mutation.before == "'é' in 'né'"]
    assert fault.source == SAMPLE.replace('"é" in "né"', "('é' not in 'né')")
    assert (str(fault), fault.line) == ("few.few: 'é' in 'né' -> 'é' not in 'né'", 10)


def test_equal_faults_of_one_place_are_told_apart() -> None:
    names = [str(mutation) for mutation in mutations("few", SAMPLE)]
    assert {"few.few: 1 -> 2", "few.few: 1 -> 2 #2"} <= set(names)
    assert len(names) == len(set(names))


def test_a_draw_depends_on_its_seed_alone_and_hardly_on_the_rest_of_the_module() -> None:
    candidates = mutations("few", SAMPLE)
    first = drawn(candidates, 6, seed=1)
    assert len(set(first)) == 6
    assert drawn(candidates[::-1], 6, seed=1) == first
    assert drawn(candidates, 6, seed=2) != first
    longer = mutations("few", f"{SAMPLE}\n\ndef one_more() -> None:\n    return None\n")
    assert len({str(fault) for fault in first} & {str(fault) for fault in drawn(longer, 6, seed=1)}) >= 5
