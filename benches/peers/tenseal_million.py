"""Encrypts many values with TenSEAL, adds them up on ciphertext, and prints the seconds of each step as JSON."""

import json
import sys
import time

import numpy
import tenseal

PER_CIPHERTEXT = 4096


def main(count):
    context = tenseal.context(tenseal.SCHEME_TYPE.CKKS, 8192, coeff_mod_bit_sizes=[60, 40, 40, 60])
    context.global_scale = 2**40
    context.generate_galois_keys()
    values = numpy.random.default_rng(0).integers(0, 400, count).astype(float)
    padded = numpy.pad(values, (0, -count % PER_CIPHERTEXT)).reshape(-1, PER_CIPHERTEXT)
    start = time.perf_counter()
    vectors = [tenseal.ckks_vector(context, row) for row in padded]
    encrypted = time.perf_counter()
    total = vectors[0].copy()
    for vector in vectors[1:]:
        total += vector
    total = total.sum()
    computed = time.perf_counter()
    report = {
        "encrypt": encrypted - start,
        "compute": computed - encrypted,
        "error": abs(total.decrypt()[0] - values.sum()),
        "bytes": len(vectors[0].serialize()) * len(vectors),
    }
    print(json.dumps(report))


main(int(sys.argv[1]))
