"""Run every example, each in its own process, and say how long it took."""

import subprocess
import sys
import time
from pathlib import Path


def main() -> int:
    failed = []
    for script in sorted(Path(__file__).parent.glob("[0-9]*.py")):
        start = time.perf_counter()
        result = subprocess.run([sys.executable, script], check=False)
        print(f"-- {script.name}: {time.perf_counter() - start:.1f} s\n", flush=True)
        if result.returncode:
            failed.append(script.name)
    if failed:
        print("failed:", ", ".join(failed))
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
