import json
class NotCanonical(ValueError): ...
def canonical_json(v): return json.dumps(v, sort_keys=True, separators=(",",":"), ensure_ascii=False)
def parse(t): return json.loads(t)
