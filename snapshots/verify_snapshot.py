"""Check an exported snapshot: `python3 verify_snapshot.py DIR`. Exit 0: equal, 1: mismatch, 2: unreadable."""

import json
import sys
from hashlib import sha256, shake_128
from pathlib import Path

EVEN = int.from_bytes(b"\xff\xff\0\0" * 512, "little")  # every other one of the 1,024 lanes of 16 bits
dump = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError(f"an object names a key twice: {[key for key, _ in pairs]}")
    return dict(pairs)


try:
    said = json.loads(Path(sys.argv[1], "manifest.json").read_text("utf-8"), object_pairs_hook=once)
    sums, keys, hashes = dict.fromkeys(said["sections"], (0, 0, 0)), set(), {}
    checks: list[tuple[str, object, object]] = [("format", said["format"], 1)]
    with Path(sys.argv[1], "snapshot.jsonl").open(encoding="utf-8") as lines:
        for record in (json.loads(line, object_pairs_hook=once) for line in lines):
            section, key, text = record["section"], record["key"].encode(), dump(record["content"]).encode()
            leaf = shake_128(b"\0" + len(key).to_bytes(4, "big") + key + text).digest(2048)
            lanes, (count, even, odd) = int.from_bytes(leaf, "little"), sums.get(section, (0, 0, 0))
            sums[section] = count + 1, even + (lanes & EVEN) & EVEN, odd + (lanes >> 16 & EVEN) & EVEN
            checks += [(record["key"], "once, whole", "not so")] * ((section, key) in keys or len(record) > 3)
            keys.add((section, key))
    for name, (count, even, odd) in sums.items():
        hashes[name] = sha256(b"\1" + count.to_bytes(8, "big") + (even | odd << 16).to_bytes(2048, "little"))
        checks.append((name, said["sections"].get(name), {"count": count, "hash": hashes[name].hexdigest()}))
    content = b"\2" + b"".join(hashes[name].digest() for name in ("items", "annotations", "schema"))
    checks.append(("content_hash", said["content_hash"], sha256(content).hexdigest()))
    checks.append(("manifest_hash", said.pop("manifest_hash"), sha256(dump(said).encode()).hexdigest()))
except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
    print(f"unreadable: {error!a}")
    sys.exit(2)
print(*(f"{'equal' if a == b else 'DIFFERS'} {n!a}: said {a!a}, found {b!a}" for n, a, b in checks), sep="\n")
sys.exit(any(a != b for _, a, b in checks))
