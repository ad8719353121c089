"""A whole job with TenSEAL: computes the means of the columns of a CSV file on ciphertext, and prints the seconds of each
step as JSON.

CKKS with polynomial degree 8192, one ciphertext per 4,096 values. Missing values are omitted before encryption.
"""

import json
import sys
import time

import pandas
import tenseal

PER_CIPHERTEXT = 4096


def make_context():
    context = tenseal.context(tenseal.SCHEME_TYPE.CKKS, 8192, coeff_mod_bit_sizes=[60, 40, 40, 60])
    context.global_scale = 2**40
    context.generate_galois_keys()
    return context


def serialize_public(context):
    public = context.copy()
    public.make_context_public()
    return public.serialize(save_galois_keys=True)


def encrypt(context, values):
    blocks = (values[i : i + PER_CIPHERTEXT] for i in range(0, len(values), PER_CIPHERTEXT))
    return [tenseal.ckks_vector(context, block).serialize() for block in blocks]


def mean(context, count, ciphertexts):
    vectors = (tenseal.ckks_vector_from(context, ciphertext) for ciphertext in ciphertexts)
    total = None
    for vector in vectors:
        total = vector.sum() if total is None else total + vector.sum()
    return (total * (1.0 / count)).serialize()


def main(path):
    times = [time.perf_counter()]

    def lap():
        times.append(time.perf_counter())
        return times[-1] - times[-2]

    table = pandas.read_csv(path)
    columns = {name: table[name].dropna().to_numpy(float) for name in table.columns}
    report = {"read": lap()}
    context = make_context()
    report["keygen"] = lap()
    public = serialize_public(context)
    report["serialise_public"] = lap()
    uploads = {name: encrypt(context, values) for name, values in columns.items()}
    report["encrypt"] = lap()
    server = tenseal.context_from(public)
    report["load"] = lap()
    encrypted_means = {name: mean(server, len(columns[name]), upload) for name, upload in uploads.items()}
    report["compute"] = lap()
    means = {name: tenseal.ckks_vector_from(context, ciphertext).decrypt()[0] for name, ciphertext in encrypted_means.items()}
    report["decrypt"] = lap()
    report["whole"] = times[-1] - times[0]
    report["error"] = max(abs(means[name] - values.mean()) for name, values in columns.items())
    report["upload_bytes"] = len(public) + sum(len(ciphertext) for upload in uploads.values() for ciphertext in upload)
    report["result_bytes"] = sum(len(ciphertext) for ciphertext in encrypted_means.values())
    print(json.dumps(report))


main(sys.argv[1])
