"""Python's in-toto as an oracle: one line `NAME accepts|refuses` for each folder in the folder given.

A folder holds `root.layout`, `owner.pub` and `links/`. No inspection is among them, so nothing is run.
"""

import logging
import os
import sys

from in_toto import verifylib
from in_toto.models._signer import load_public_key_from_file
from in_toto.models.metadata import Metadata

logging.disable(logging.CRITICAL)
top = sys.argv[1]
for name in sorted(os.listdir(top)):
    folder = os.path.join(top, name)
    try:
        key = load_public_key_from_file(os.path.join(folder, "owner.pub"))
        layout = Metadata.load(os.path.join(folder, "root.layout"))
        verifylib.in_toto_verify(layout, {key["keyid"]: key}, os.path.join(folder, "links"))
        answer = "accepts"
    except Exception as error:  # every refusal is an exception there
        answer = f"refuses {type(error).__name__}"
    print(name, answer)
