"""What a dataset holds, in a few lines."""

from ganvas.data.card import Card
from ganvas.data.splitting import SPLITS


def summary_of(card: Card, title: str) -> str:
    """Return what a dataset holds, what was left out and why, its sources, licences and content hash."""
    unusual = {flag: count for flag, count in card.flags.items() if flag != "unknown-licence"}
    lines = [title, f"  kept {card.kept:,} of {card.num_files:,} files"]
    lines += [f"  left out {count:,}: {kind}" for kind, count in card.left_out_by_kind.items()]
    lines += [f"  kept but unusual {count:,}: {flag}" for flag, count in unusual.items()]
    for split in SPLITS:
        counts = ", ".join(
            f"{name} {count:,}" for name, count in zip(card.classes, card.splits[split].per_class, strict=True)
        )
        lines.append(f"  {split}: {card.splits[split].count:,}" + (f" ({counts})" if counts else ""))
    lines += [] if card.scaling.is_symmetric else [f"  scaled by {card.scaling.scaling} for the networks"]
    lines += [f"  from {source.name}" for source in card.sources]
    lines += [f"  licence {name or 'unknown'}: {count:,}" for name, count in card.licences.items()]
    return "\n".join([*lines, f"  content hash {card.content_hash}"])
