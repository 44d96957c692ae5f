"""The recipe for pytest."""

import sys

from recipes import project, run

run(project("conftest.py", "test_token.py"), sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
