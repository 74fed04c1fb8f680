"""From files to a dataset folder, and from a dataset folder to batches.

The road: `sources` yield items; `inspection` reads each, makes it an image of the set (`preprocessing`) or refuses
it; `writing` keeps pixels and a ledger of every file; `store` reads them back; `feed` deals them out in batches.
"""
