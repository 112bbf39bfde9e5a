"""`python -m tests.image`: say what is missing to build the images, or make a base image without a registry."""

import os
import shutil
import sys

from tests.image.buildah import BASE_ARCHIVE, buildah, make_base

NEEDED = ["buildah"] if os.environ.get("BASE") == "pinned" else ["buildah", "mmdebstrap"]

if __name__ == "__main__":
    if missing := [program for program in NEEDED if not shutil.which(program)]:
        sys.exit(
            f"The images are NOT TESTED: {' and '.join(missing)} not installed (apt-get install {' '.join(missing)})"
        )
    if "mmdebstrap" in NEEDED and not BASE_ARCHIVE.exists():
        sys.stderr.write("Making a base image out of Debian's packages (about a minute) ...\n")
        make_base()
    buildah("version")
