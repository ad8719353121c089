"""The statistics of CSV files, computed with Python's integers: an oracle for hestat's tests.

Usage: oracle.py [OPTION...] FILE...    Prints one table per file, a blank line after each.

Options, the same as hestat's, each as one argument: --delimiter=C, --decimal-comma, --thousands=C, --missing=A,B,
--comment=C.

Uses only csv, integers and fractions. A mean or variance is the double nearest to the exact fraction (division of Python
integers is correctly rounded). A standard deviation is the double for which the squares of the midpoints to its neighbours
enclose the exact variance.
"""

import csv
import math
import re
import struct
import sys
from fractions import Fraction

NUMBER = re.compile(r"([+-]?)(?=\.?[0-9])([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?")


class Dialect:
    """How cells are written: delimiter, number format, missing-value codes, comments."""

    def __init__(self, options):
        self.delimiter = options.get("--delimiter", ",")
        self.comment = options.get("--comment")
        self.thousands = options.get("--thousands")
        self.comma = "--decimal-comma" in options
        codes = options.get("--missing", "NA,N/A,NaN,null").split(",")
        self.texts = {""} | {code.strip().lower() for code in codes}
        self.numbers = [value for code in codes if (value := self.value(code.strip())) is not None]

    def match(self, cell):
        """The parts of a number, or None."""
        separator = "," if self.comma else "."
        if self.thousands and self.thousands in cell:
            groups = rf"([+-]?)([1-9][0-9]{{0,2}}(?:{re.escape(self.thousands)}[0-9]{{3}})+)((?:[{separator}eE].*)?)"
            found = re.fullmatch(groups, cell)
            if found is None:
                return None
            cell = found[1] + found[2].replace(self.thousands, "") + found[3]
        if self.comma:
            if "." in cell:
                return None
            cell = cell.replace(",", ".")
        return NUMBER.fullmatch(cell)

    def value(self, cell):
        match = self.match(cell)
        return None if match is None else Fraction(match[0])

    def is_missing(self, cell):
        return cell.lower() in self.texts or (self.numbers and self.value(cell) in self.numbers)

    def rows(self, file):
        lines = (line for line in file if not (self.comment and line.startswith(self.comment)))
        return csv.reader(lines, delimiter=self.delimiter)


class Column:
    """Sums of mantissas and of their squares, by power of ten."""

    def __init__(self, name, dialect):
        self.name, self.dialect, self.present, self.missing = name, dialect, 0, 0
        self.by_exponent = {}

    def add(self, cell):
        cell = cell.strip()
        if self.dialect.is_missing(cell):
            self.missing += 1
            return
        match = self.dialect.match(cell)
        if match is None:
            raise SystemExit(f"not a number: {cell!r}")
        sign, whole, fraction, power = match.groups()
        mantissa = int(sign + whole + (fraction or ""))
        sums = self.by_exponent.setdefault(int(power or 0) - len(fraction or ""), [0, 0])
        sums[0] += mantissa
        sums[1] += mantissa * mantissa
        self.present += 1

    def statistics(self):
        n = self.present
        first = sum(sums[0] * ten(exponent) for exponent, sums in self.by_exponent.items())
        second = sum(sums[1] * ten(2 * exponent) for exponent, sums in self.by_exponent.items())
        statistics = [self.name, n, self.missing, plain(first), repr(nearest(first / n))]
        if n < 2:
            return statistics + ["", ""]
        variance = (second - first * first / n) / (n - 1)
        return statistics + [repr(nearest(variance)), repr(nearest_root(variance))]


def ten(exponent):
    return Fraction(10) ** exponent


def plain(value):
    """All digits of a fraction whose denominator divides a power of ten."""
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    digits = str(abs((value * 10**places).numerator)).rjust(places + 1, "0")
    text = digits[:-places] + "." + digits[-places:] if places else digits
    return "-" + text if value < 0 else text


def nearest(value):
    try:
        return value.numerator / value.denominator
    except OverflowError:
        return -math.inf if value < 0 else math.inf


def nearest_root(value):
    """Starts near the root, then moves until the midpoints to both neighbours enclose it."""
    scale = max(0, 80 - (value.numerator.bit_length() - value.denominator.bit_length()) // 2)
    double = nearest(Fraction(math.isqrt((value.numerator << 2 * scale) // value.denominator), 1 << scale))
    if math.isinf(double):
        return double
    while middle(double, math.nextafter(double, math.inf)) ** 2 < value:
        double = math.nextafter(double, math.inf)
    while double > 0 and middle(math.nextafter(double, 0), double) ** 2 > value:
        double = math.nextafter(double, 0)
    for neighbour in (math.nextafter(double, 0), math.nextafter(double, math.inf)):
        if middle(double, neighbour) ** 2 == value and odd(double):
            return neighbour
    return double


def middle(a, b):
    if math.isinf(b):
        return Fraction(2**1024 - 2**970)
    return (Fraction(a) + Fraction(b)) / 2


def odd(double):
    return struct.unpack("<q", struct.pack("<d", double))[0] & 1 == 1


def table(path, dialect, output):
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = dialect.rows(file)
        columns = [Column(name.strip(), dialect) for name in next(rows)]
        for row in rows:
            if row:
                for column, cell in zip(columns, row, strict=True):
                    column.add(cell)
    output.writerow(["column", "count", "missing", "sum", "mean", "variance", "std"])
    output.writerows(column.statistics() for column in columns if column.present)


if __name__ == "__main__":
    # Sums of numbers near 10^400 have more digits than Python converts by default.
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)
    options = [argument for argument in sys.argv[1:] if argument.startswith("--")]
    dialect = Dialect({name: value for name, _, value in (option.partition("=") for option in options)})
    for argument in sys.argv[1 + len(options) :]:
        table(argument, dialect, csv.writer(sys.stdout, lineterminator="\n"))
        print()
